/**
 * Consecutive groups of requests whose means scatter as the whole mean would: 10 to 30 (Schmeiser 1982, "Batch size
 * effects in the analysis of simulation output").
 */
const mostBatches = 20

/** Batches below which their scatter says too little. */
export const fewestBatches = 8

/**
 * Where batches of whole rounds begin and end, as indices into requests in send order. What is left over of a round
 * goes to the first.
 */
export function batchEdges(requests: number, round: number): readonly number[] {
  const rounds = Math.floor(requests / round)
  const batches = Math.min(mostBatches, rounds)
  const left = requests - rounds * round
  return Array.from({ length: batches + 1 }, (_, batch) =>
    batch === 0 ? 0 : left + round * Math.floor((batch * rounds) / batches),
  )
}
