/** How the page keeps itself fresh in the browser: it reads itself again and leaves open what the reader has opened. */

/**
 * The page's only script. What is opened, focused and scrolled to stays so; while text is selected, to copy an id, the page
 * waits, but not for ever. A page that cannot be read again says so instead of looking fresh: a sign-in page may come in
 * its place, which has another title. Without script the whole page reloads.
 */
export const refreshScript = `
(() => {
  const every = 5000;
  const longest = 60000;
  let readAt = Date.now();
  const isSelecting = () => !getSelection().isCollapsed && Date.now() - readAt < longest;
  const readAgain = async () => {
    const answer = await fetch(location.href, { headers: { accept: "text/html" }, signal: AbortSignal.timeout(30000) });
    const next = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!answer.ok || next.title !== document.title) throw new Error("not this page");
    if (isSelecting()) return;
    const open = [...document.querySelectorAll("details[open]")].map(({ id }) => id);
    const focused = document.activeElement?.id;
    document.body.replaceChildren(...next.body.childNodes);
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    readAt = Date.now();
  };
  const loop = async () => {
    try {
      if (!document.hidden && !isSelecting()) await readAgain();
    } catch {
      document.getElementById("stale").hidden = false;
    }
    setTimeout(loop, every);
  };
  setTimeout(loop, every);
})();
`;
