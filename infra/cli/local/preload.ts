/** What a function's process loads before functions-framework: the two things that the framework cannot be asked for. */
import { Server } from "node:net";

// Ends a function whose parent has gone, however it went: nobody else would, and its port would stay taken.
process.once("disconnect", () => process.exit());

// The framework gives a port and no address, which is every address of the machine; and nothing here asks who is calling.
const { listen } = Server.prototype;
Server.prototype.listen = function (this: Server, ...args: unknown[]): Server {
  const [port, ...rest] = args;
  const isBarePort = /^\d+$/.test(String(port)) && typeof rest[0] !== "string";
  return Reflect.apply(listen, this, isBarePort ? [port, "127.0.0.1", ...rest] : args) as Server;
};
