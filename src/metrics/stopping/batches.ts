/**
 * Number of consecutive groups of requests: 10 to 30 suffice for their means to estimate the scatter of the whole mean
 * (Schmeiser 1982, "Batch size effects in the analysis of simulation output").
 */
const mostBatches = 20

/** With fewer batches, their scatter is too uncertain. */
export const fewestBatches = 8

/**
 * Edges of batches that consist of whole rounds, as indices into requests in send order. The first batch also takes the
 * remainder of a round.
 */
export function batchEdges(requests: number, round: number): readonly number[] {
  const rounds = Math.floor(requests / round)
  const batches = Math.min(mostBatches, rounds)
  const left = requests - rounds * round
  return Array.from({ length: batches + 1 }, (_, batch) =>
    batch === 0 ? 0 : left + round * Math.floor((batch * rounds) / batches),
  )
}
