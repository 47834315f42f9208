/** Loss and correctness of one example, from its class scores. */

/** `scores` is `[n, classes]`; cross-entropy in nats over the scores of `row`. Ties count for the first class. */
export function labelLoss(
  scores: Float32Array,
  row: number,
  { classes, label }: { readonly classes: number; readonly label: number },
): { readonly loss: number; readonly correct: boolean } {
  const own = scores.subarray(row * classes, (row + 1) * classes)
  let largest = -Infinity
  let best = 0
  for (const [index, score] of own.entries()) {
    if (score > largest) {
      largest = score
      best = index
    }
  }
  let sum = 0
  for (const score of own) sum += Math.exp(score - largest)
  return { loss: largest + Math.log(sum) - (own[label] ?? -Infinity), correct: best === label }
}
