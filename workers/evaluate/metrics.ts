/** Accuracy, macro-F1, recall and the confusion matrix of a classifier, from its class scores. */

/** Class scores row by row, `[n, classes]`. */
export type Scores = { readonly values: Float32Array<ArrayBuffer>; readonly classes: number }

export type Metrics = {
  readonly n: number
  readonly accuracy: number
  /** Mean F1 of the classes that occur among the labels or the predictions, as scikit-learn's `average="macro"`. */
  readonly macroF1: number
  /** Share of each class's rows that were found; null for a class without rows. */
  readonly recall: readonly (number | null)[]
  /** Counts `[true class][predicted class]`. */
  readonly confusion: readonly (readonly number[])[]
}

/** The class with the largest score in each row; of equal ones the first. */
export function predictClasses({ values, classes }: Scores): number[] {
  return Array.from({ length: values.length / classes }, (_, row) => {
    let best = 0
    for (let k = 1; k < classes; k++) {
      if (at(values, row * classes + k) > at(values, row * classes + best)) best = k
    }
    return best
  })
}

/** Softmax of each row's class scores, `[n, classes]`. */
export function classProbabilities({ values, classes }: Scores): number[][] {
  return Array.from({ length: values.length / classes }, (_, row) => {
    const scores = values.subarray(row * classes, (row + 1) * classes)
    const top = Math.max(...scores)
    const weights = Array.from(scores, (score) => Math.exp(score - top))
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    return weights.map((weight) => weight / total)
  })
}

/** Rows by class: `labels` and `predictions` are class indices below `classes`; one of each per row. */
export function measure(labels: readonly number[], predictions: readonly number[], classes: number): Metrics {
  const confusion = Array.from({ length: classes }, () => Array.from({ length: classes }, () => 0))
  for (const [row, label] of labels.entries()) {
    const counts = confusion[label]
    const predicted = predictions[row]
    if (counts === undefined || predicted === undefined || counts[predicted] === undefined) {
      throw new RangeError(`row ${row}: label ${label} or prediction ${predicted} is not below ${classes}`)
    }
    counts[predicted] += 1
  }
  const hits = confusion.map((counts, k) => counts[k] ?? 0)
  const labelled = confusion.map((counts) => counts.reduce((sum, count) => sum + count, 0))
  const predicted = hits.map((_, k) => confusion.reduce((sum, counts) => sum + (counts[k] ?? 0), 0))
  const n = labels.length
  // F1 = 2 hits / (labelled + predicted): harmonic mean of precision and recall, 0 where one of them is 0 / 0.
  const f1 = hits.flatMap((hit, k) => {
    const rows = (labelled[k] ?? 0) + (predicted[k] ?? 0)
    return rows === 0 ? [] : [(2 * hit) / rows]
  })
  return {
    n,
    accuracy: n === 0 ? 0 : hits.reduce((sum, hit) => sum + hit, 0) / n,
    macroF1: f1.length === 0 ? 0 : f1.reduce((sum, value) => sum + value, 0) / f1.length,
    recall: hits.map((hit, k) => (labelled[k] ? hit / labelled[k] : null)),
    confusion,
  }
}

function at(values: Float32Array, index: number): number {
  return values[index] ?? Number.NaN
}
