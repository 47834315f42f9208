import { LANGUAGE } from './language.ts'

const when = new Intl.DateTimeFormat(LANGUAGE, { dateStyle: 'medium', timeStyle: 'short', hourCycle: 'h23' })

/** Day and minute of a time in milliseconds since 1970. */
export function formatWhen(at: number): string {
  return when.format(at)
}
