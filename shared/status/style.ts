/** How the status page looks: light or dark as the reader's system, from a phone's width to a desk's. */

/** The page's style sheet. Names and ids have no blanks to break at, so they break anywhere. */
export const style = `
:root { color-scheme: light dark; font: 16px/1.45 system-ui, sans-serif; --line: #8884; --soft: #8881; }
body { max-width: 72rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere; }
h1 { margin: 0; } h2 { margin: 0; font-size: 1.15rem; } p { margin: .3rem 0; }
main { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(22rem, 100%), 1fr)); gap: 1rem; margin: 1rem 0; }
article { border: 1px solid var(--line); border-radius: .6rem; padding: .9rem 1rem; background: var(--soft); min-width: 0; }
.key { opacity: .65; font-size: .8rem; } .why { font-weight: 500; } .down { color: light-dark(#b3140f, #ff8a80); }
.phase { font-size: .8rem; padding: .1rem .55rem; border-radius: 1rem; color: #fff; background: #3367d6; vertical-align: .1em; white-space: nowrap; }
.good { background: #188038; } .rest { background: #5f6368; } .bad { background: #c5221f; }
.banner { background: #c5221f; color: #fff; padding: .5rem .8rem; border-radius: .4rem; }
ol, ul { padding-left: 1.2rem; } ol { font-size: .85rem; } footer { font-size: .85rem; opacity: .8; }
`;
