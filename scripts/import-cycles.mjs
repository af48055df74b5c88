/**
 * One violation for each knot of files, and for each knot of libs and apps, that import each other in a circle.
 * `edges` are `{from, to, line}` between file paths; `unitOf(path)` is the part a file belongs to. Tests reach into
 * apps and are reached by the specs of libs, so circles through their folders count between files only.
 */
export function importCycles(sources, edges, unitOf) {
  const known = new Set(sources.map((source) => source.path));
  const files = edges.filter((edge) => known.has(edge.to));
  const units = files
    .map((edge) => ({ ...edge, fromUnit: unitOf(edge.from), toUnit: unitOf(edge.to) }))
    .filter(({ fromUnit, toUnit }) => fromUnit.id !== toUnit.id && fromUnit.name && toUnit.name);
  return [
    ...violationsOf(files, (edge) => [edge.from, edge.to]),
    ...violationsOf(units, (edge) => [edge.fromUnit.id, edge.toUnit.id]),
  ];
}

function violationsOf(edges, endsOf) {
  const next = new Map();
  for (const edge of edges) {
    const [from, to] = endsOf(edge);
    if (!next.has(from)) next.set(from, new Map());
    if (!next.get(from).has(to)) next.get(from).set(to, edge);
  }
  const reported = new Set();
  const violations = [];
  for (const start of [...next.keys()].sort((a, b) => a.localeCompare(b))) {
    const cycle = reported.has(start) ? undefined : shortestCycle(start, next);
    if (!cycle) continue;
    for (const node of cycle) reported.add(node);
    const edge = next.get(start).get(cycle[1]);
    violations.push({ path: edge.from, line: edge.line, rule: `import cycle: ${cycle.join(' -> ')}` });
  }
  return violations;
}

/** The shortest way from `start` back to itself, both ends included; undefined when there is none. */
function shortestCycle(start, next) {
  const cameFrom = new Map();
  const queue = [start];
  for (const node of queue) {
    for (const to of next.get(node)?.keys() ?? []) {
      if (to === start) return pathTo(node, start, cameFrom);
      if (!cameFrom.has(to)) {
        cameFrom.set(to, node);
        queue.push(to);
      }
    }
  }
  return undefined;
}

function pathTo(last, start, cameFrom) {
  const path = [start];
  for (let node = last; node !== start; node = cameFrom.get(node)) path.unshift(node);
  return [start, ...path];
}
