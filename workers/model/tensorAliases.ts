/** What a tensor may be called: checkpoints on the hub are older than the names that `save_pretrained` writes. */

/**
 * Names to look for, the usual one first. Hub files of the bare model lack `prefix`; TensorFlow's names of a layer norm's
 * tensors are gamma and beta.
 */
export function tensorAliases(name: string, prefix: string): string[] {
  const known = name.startsWith(prefix) ? [name, name.slice(prefix.length)] : [name]
  return known.flatMap((one) => (one.includes('Norm.') ? [one, olderNorm(one)] : [one]))
}

function olderNorm(name: string): string {
  return name.replace(/Norm\.weight$/, 'Norm.gamma').replace(/Norm\.bias$/, 'Norm.beta')
}
