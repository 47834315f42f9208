import type { PublicSet } from '../../../workers/protocol/wire.ts'
import { LANGUAGE } from '../../ui/language.ts'

/** What a set is, in the reader's language where whoever offers it wrote that too. */
export function publicSetWords({ description, domain, german }: PublicSet): Pick<PublicSet, 'description' | 'domain'> {
  return LANGUAGE === 'de' && german !== undefined ? german : { description, domain }
}
