/** The style of the page; its hash is in the page's policy. */
export const docsPageStyle = `
:root { color-scheme: light dark; --line: #8884; --soft: #8881; }
* { box-sizing: border-box; }
body { margin: 0; display: flex; font: 15px/1.5 system-ui, sans-serif; }
nav { width: 24rem; height: 100vh; position: sticky; top: 0; overflow: auto; padding: 1rem; border-right: 1px solid var(--line); font-size: 12px; }
nav > * { display: block; overflow-wrap: anywhere; }
nav b { margin-top: 1em; }
main { flex: 1; min-width: 0; max-width: 60rem; padding: 1rem 2rem; }
a { color: inherit; text-decoration: none; }
a:hover { text-decoration: underline; }
details { border: 1px solid var(--line); border-radius: 6px; margin: .5em 0; }
details > div { padding: 0 1em 1em; }
summary { padding: .5em 1em; cursor: pointer; }
.method { display: inline-block; width: 4.5em; font-weight: bold; color: #36c; }
.post { color: #283; } .put, .patch { color: #a60; } .delete { color: #c33; }
h2 { margin-top: 2em; } h4 { margin: 1.2em 0 .3em; }
table { border-collapse: collapse; width: 100%; font-size: 13px; }
td { border-top: 1px solid var(--line); padding: .3em .6em .3em 0; vertical-align: top; }
pre { background: var(--soft); padding: .8em; border-radius: 6px; overflow: auto; font-size: 12px; }
code { font-size: .95em; }
em { opacity: .7; }
@media (max-width: 60rem) { nav { display: none; } main { padding: 1rem; } }
`;
