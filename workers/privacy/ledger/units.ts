/**
 * Units (rows, or persons) as the ledger knows them: keyed fingerprints, and the side on which each one fell. An unkeyed
 * hash would let anybody who knows a row confirm that it is in the file.
 */

/** HMAC-SHA-256 under the ledger's key. */
export type Sign = (bytes: Uint8Array<ArrayBuffer>) => Promise<Uint8Array<ArrayBuffer>>

/**
 * Units of a file or a run: fingerprints, ascending and each once, and at the place of each 0 where it is trained on, 1
 * where it is held out, {@link NO_SIDE} where it stands for something else: the rows of persons.
 */
export type UnitSet = {
  readonly prints: Float64Array<ArrayBuffer>
  /** Null where the sides say nothing to later runs (a run without DP whose coins came from a seed). */
  readonly sides: Uint8Array<ArrayBuffer> | null
}

/** Of a fingerprint by which a file is recognised, and which is no unit of its own. */
export const NO_SIDE = 2

/** Signatures under way at once: enough to keep the browser's crypto threads busy. */
const AT_ONCE = 1_024

/**
 * One fingerprint per text: the first 53 bits of its keyed hash, a whole number. Spelling that a copy tends to lose
 * (case, white space, Unicode form) does not count. Two texts of a million share one with a chance of 10^-4, and then
 * count as one unit, which overstates what was spent.
 */
export async function fingerprints(texts: readonly string[], sign: Sign): Promise<Float64Array<ArrayBuffer>> {
  const prints = new Float64Array(texts.length)
  const encoder = new TextEncoder()
  for (let from = 0; from < texts.length; from += AT_ONCE) {
    const part = texts.slice(from, from + AT_ONCE)
    const signed = await Promise.all(part.map((text) => sign(encoder.encode(`unit ${normalised(text)}`))))
    for (const [place, hash] of signed.entries()) prints[from + place] = first53Bits(hash)
  }
  return prints
}

function normalised(text: string): string {
  return text.normalize('NFKC').toLowerCase().trim().replaceAll(/\s+/g, ' ')
}

function first53Bits(hash: Uint8Array<ArrayBuffer>): number {
  const view = new DataView(hash.buffer, hash.byteOffset)
  return (view.getUint32(0) >>> 11) * 2 ** 32 + view.getUint32(4)
}

/** The set of these units; `sides` goes with `prints`, and equal fingerprints have equal sides. */
export function unitSet(prints: Float64Array, sides: Uint8Array | null): UnitSet {
  const sorted = Float64Array.from(new Set(prints)).sort()
  if (sides === null) return { prints: sorted, sides: null }
  const sideOf = new Map<number, number>()
  for (const [place, print] of prints.entries()) sideOf.set(print, sides[place] ?? 0)
  return { prints: sorted, sides: Uint8Array.from(sorted, (print) => sideOf.get(print) ?? 0) }
}

export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** The same for equal sets under one key, and says nothing about their units without it. */
export async function nameOf({ prints, sides }: UnitSet, sign: Sign): Promise<string> {
  const bytes = new Uint8Array(prints.byteLength + (sides?.byteLength ?? 0) + 1)
  bytes.set(new Uint8Array(prints.buffer, prints.byteOffset, prints.byteLength))
  if (sides !== null) bytes.set(sides, prints.byteLength)
  bytes[bytes.length - 1] = sides === null ? 0 : 1
  return hexOf(await sign(bytes))
}

/** How many units a set has. */
export function sizeOf({ prints, sides }: UnitSet): number {
  return sides === null ? prints.length : sides.filter((side) => side !== NO_SIDE).length
}

/** Whether two sets have a unit in common. */
export function overlaps(one: UnitSet, other: UnitSet): boolean {
  return !forEachShared(one, other, () => true)
}

/** Whether no unit of both sets lies on different sides; sets without sides contradict nothing. */
export function sidesAgree(one: UnitSet, other: UnitSet): boolean {
  const [left, right] = [one.sides, other.sides]
  if (left === null || right === null) return true
  return forEachShared(one, other, (i, j) => {
    const [a, b] = [left[i], right[j]]
    return a !== b && a !== NO_SIDE && b !== NO_SIDE
  })
}

/**
 * The side of each unit: the one that it has in a known set, else the one that was dealt now. So a file that is opened
 * again, edited or shuffled keeps its sides, and no row is trained on in one run and measured in another.
 */
export function keptSides(
  prints: Float64Array,
  dealt: Uint8Array,
  known: Iterable<UnitSet>,
): { readonly sides: Uint8Array<ArrayBuffer>; readonly kept: number } {
  const sideOf = new Map<number, number>()
  const fresh = new Map<number, number>()
  for (const [place, print] of prints.entries()) if (!fresh.has(print)) fresh.set(print, dealt[place] ?? 0)
  const own = unitSet(prints, null)
  for (const { sides, ...set } of known) {
    if (sides === null) continue
    forEachShared(own, { ...set, sides }, (i, j) => {
      const side = sides[j] ?? NO_SIDE
      if (side !== NO_SIDE) sideOf.set(own.prints[i] ?? Number.NaN, side)
      return false
    })
  }
  const sides = Uint8Array.from(prints, (print) => sideOf.get(print) ?? fresh.get(print) ?? 0)
  return { sides, kept: prints.reduce((sum, print) => sum + (sideOf.has(print) ? 1 : 0), 0) }
}

/** Walks the places of shared units until `visit` says to end; false where it did. */
function forEachShared(one: UnitSet, other: UnitSet, visit: (i: number, j: number) => boolean): boolean {
  let [i, j] = [0, 0]
  while (i < one.prints.length && j < other.prints.length) {
    const difference = (one.prints[i] ?? 0) - (other.prints[j] ?? 0)
    if (difference === 0 && visit(i, j)) return false
    if (difference <= 0) i++
    if (difference >= 0) j++
  }
  return true
}
