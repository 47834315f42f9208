/** How the examples of a batch are shared among pool members. */

/**
 * Parts of about equal cost, one a member, each a list of items in their given order. Largest first, to whoever has
 * least: the same costs always give the same parts.
 */
export function shareOut(costs: readonly number[], members: number): number[][] {
  const parts = Array.from({ length: members }, () => ({ cost: 0, items: [] as number[] }))
  const order = costs.map((cost, item) => ({ cost, item })).sort((a, b) => b.cost - a.cost || a.item - b.item)
  for (const { cost, item } of order) {
    const least = parts.reduce((best, part) => (part.cost < best.cost ? part : best))
    least.cost += cost
    least.items.push(item)
  }
  return parts.map(({ items }) => items.sort((a, b) => a - b))
}
