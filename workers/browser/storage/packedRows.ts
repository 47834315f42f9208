/** A run's rows as a few long arrays: half a million small objects would take the browser seconds to store. */
import type { Encoded } from '../../task/types.ts'
import type { TuningRows } from '../../tune/types.ts'

export type PackedRows = {
  /** Token ids of all rows, one after the other, and how many each row has. */
  readonly ids: Int32Array<ArrayBuffer>
  readonly idCounts: Int32Array<ArrayBuffer>
  /** Read positions in the same way. */
  readonly reads: Int32Array<ArrayBuffer>
  readonly readCounts: Int32Array<ArrayBuffer>
  /** Of answers that are texts: the token of each read position. */
  readonly targets?: Int32Array<ArrayBuffer>
  /** 1 where the text was cut. */
  readonly cut: Uint8Array<ArrayBuffer>
  readonly labels: Int32Array<ArrayBuffer>
  readonly heldOut: Uint8Array<ArrayBuffer>
  /** Not there where no column names persons. */
  readonly persons?: Int32Array<ArrayBuffer>
}

export function packRows({ encoded, ...rest }: TuningRows): PackedRows {
  return {
    ids: joined(encoded.map(({ ids }) => ids)),
    idCounts: Int32Array.from(encoded, ({ ids }) => ids.length),
    reads: joined(encoded.map(({ read }) => read)),
    readCounts: Int32Array.from(encoded, ({ read }) => read.length),
    ...(encoded.some(({ targets }) => targets !== undefined)
      ? { targets: joined(encoded.map(({ targets = [] }) => targets)) }
      : {}),
    cut: Uint8Array.from(encoded, ({ cut }) => (cut ? 1 : 0)),
    ...rest,
  }
}

export function unpackRows({ ids, idCounts, reads, readCounts, targets, cut, ...rest }: PackedRows): TuningRows {
  let idsFrom = 0
  let readsFrom = 0
  const encoded = Array.from(idCounts, (idCount, row): Encoded => {
    const readCount = readCounts[row] ?? 0
    const own = {
      ids: ids.slice(idsFrom, idsFrom + idCount),
      read: Array.from(reads.subarray(readsFrom, readsFrom + readCount)),
      ...(targets === undefined ? {} : { targets: Array.from(targets.subarray(readsFrom, readsFrom + readCount)) }),
      cut: cut[row] === 1,
    }
    idsFrom += idCount
    readsFrom += readCount
    return own
  })
  return { encoded, ...rest }
}

function joined(parts: readonly ArrayLike<number>[]): Int32Array<ArrayBuffer> {
  const whole = new Int32Array(parts.reduce((sum, part) => sum + part.length, 0))
  let from = 0
  for (const part of parts) {
    whole.set(part, from)
    from += part.length
  }
  return whole
}
