/** A pure function that remembers. */

/** Enough for somebody who goes back and forth between two settings. */
const REMEMBERED = 8

/** The same function of a plain value, which does not work out again what it said a moment ago. Errors are not kept. */
export function remembering<A, R>(act: (value: A) => R): (value: A) => R {
  const answers = new Map<string, R>()
  return (value) => {
    const key = JSON.stringify(value)
    const known = answers.get(key)
    if (known !== undefined) return known
    const answer = act(value)
    const [oldest] = answers.keys()
    if (oldest !== undefined && answers.size === REMEMBERED) answers.delete(oldest)
    answers.set(key, answer)
    return answer
  }
}
