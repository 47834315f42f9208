import { expect, test } from 'vitest'
import { seededRandom } from '../../../workers/task/seededRandom.ts'
import { transferByPlace } from '../../../workers/transfer/byPlace.ts'

const TOKENS = 60
const WIDTH = 6
const random = seededRandom(5)
const numbers = (count: number): Float32Array<ArrayBuffer> =>
  Float32Array.from({ length: count }, () => random(2_001) / 1_000 - 1 + 0.2)

const table = { values: numbers(TOKENS * WIDTH), width: WIDTH }
const source = { values: numbers(2 * WIDTH), length: 2, width: WIDTH }

test('a prompt stands to the embeddings of another model as it stood to those of its own', () => {
  // The same words in a room turned round: what lies alike there is the turned prompt.
  const turned = { values: turn(table.values), width: WIDTH }
  const moved = transferByPlace({ source, sourceTable: table, targetTable: turned, seed: 1 })
  expect(moved).toMatchObject({ length: 2, width: WIDTH })
  const wanted = turn(source.values)
  for (const row of [0, 1]) {
    expect(cosine(rowOf(moved.values, row), rowOf(wanted, row))).toBeGreaterThan(0.99)
    // As it is, it stands elsewhere.
    expect(cosine(rowOf(source.values, row), rowOf(wanted, row))).toBeLessThan(0.9)
  }
})

test('its entries have the mean and the deviation of the other model’s embeddings', () => {
  const scaled = { values: table.values.map((value) => 0.05 * value + 0.01), width: WIDTH }
  const { values } = transferByPlace({ source, sourceTable: table, targetTable: scaled, seed: 1 })
  const [own, other] = [spread(values), spread(scaled.values)]
  expect(own.mean).toBeCloseTo(other.mean, 6)
  expect(own.deviation).toBeCloseTo(other.deviation, 6)
})

test('a seed repeats it', () => {
  const request = { source, sourceTable: table, targetTable: table }
  const first = transferByPlace({ ...request, seed: 1 })
  expect(transferByPlace({ ...request, seed: 1 })).toEqual(first)
  expect(transferByPlace({ ...request, seed: 2 })).not.toEqual(first)
})

/** Coordinates mixed by reflections along two vectors. */
function turn(values: Float32Array): Float32Array<ArrayBuffer> {
  const mirrors = [
    [1, 2, -1, 1, 1, -2],
    [2, -1, 1, 1, -3, 1],
  ]
  const rows = Array.from({ length: values.length / WIDTH }, (_, row) =>
    mirrors.reduce(
      (x, mirror) => {
        const along = (2 * dot(x, mirror)) / dot(mirror, mirror)
        return x.map((value, at) => value - along * (mirror[at] ?? 0))
      },
      rowOf(values, row),
    ),
  )
  return Float32Array.from(rows.flat())
}

function rowOf(values: Float32Array, row: number): number[] {
  return [...values.subarray(row * WIDTH, (row + 1) * WIDTH)]
}

function cosine(a: readonly number[], b: readonly number[]): number {
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0)
}

function spread(values: Float32Array): { mean: number; deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return { mean, deviation: Math.sqrt(squares / (values.length - 1)) }
}
