import jsQR from 'jsqr'

/** Pixels a module, and modules of quiet around a code, as on a screen. */
const SCALE = 4
const QUIET = 4

/** What a camera reads in rows of 0 and 1; null where it finds no code. */
export function scanQr(rows: readonly string[]): string | null {
  const size = SCALE * (rows.length + 2 * QUIET)
  const moduleOf = (pixel: number) => Math.floor(pixel / SCALE) - QUIET
  const pixels = Uint8ClampedArray.from({ length: 4 * size * size }, (_, byte) => {
    const pixel = Math.floor(byte / 4)
    const isDark = rows[moduleOf(Math.floor(pixel / size))]?.[moduleOf(pixel % size)] === '1'
    return isDark && byte % 4 < 3 ? 0 : 255
  })
  return jsQR(pixels, size, size)?.data ?? null
}
