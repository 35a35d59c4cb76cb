/** What imports what. */
export type Graph = ReadonlyMap<string, Iterable<string>>

/**
 * The circles of a graph: groups in which each reaches each other (strongly connected components of more than one,
 * Tarjan 1972). Empty for a graph without any.
 */
export function circles(graph: Graph): readonly (readonly string[])[] {
  const order = new Map<string, number>()
  const low = new Map<string, number>()
  const path: string[] = []
  const found: string[][] = []
  const visit = (node: string): number => {
    const number = order.size
    order.set(node, number)
    low.set(node, number)
    path.push(node)
    for (const next of graph.get(node) ?? []) {
      if (!order.has(next)) low.set(node, Math.min(low.get(node) ?? number, visit(next)))
      else if (path.includes(next)) low.set(node, Math.min(low.get(node) ?? number, order.get(next) ?? number))
    }
    if (low.get(node) === number) {
      const group = path.splice(path.indexOf(node))
      if (group.length > 1 || [...(graph.get(node) ?? [])].includes(node)) found.push(group)
    }
    return low.get(node) ?? number
  }
  for (const node of graph.keys()) if (!order.has(node)) visit(node)
  return found
}

/** The edges that no longer way replaces; of a graph without circles. */
export function shortest(graph: Graph): readonly (readonly [from: string, to: string])[] {
  const reached = new Map<string, ReadonlySet<string>>()
  const reach = (node: string): ReadonlySet<string> => {
    const known = reached.get(node)
    if (known !== undefined) return known
    const below = new Set([...(graph.get(node) ?? [])].flatMap(next => [next, ...reach(next)]))
    reached.set(node, below)
    return below
  }
  return [...graph.keys()].flatMap(from => {
    const targets = [...new Set(graph.get(from))]
    return targets
      .filter(to => !targets.some(other => other !== to && reach(other).has(to)))
      .map(to => [from, to] as const)
  })
}
