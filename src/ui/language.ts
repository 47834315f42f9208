/** The language of the page: English, or German where the browser or the person asks for it. Decided once, at load. */

export const LANGUAGES = ['en', 'de'] as const
export type Language = (typeof LANGUAGES)[number]

const KEY = 'softpost-language'

/** Off the page (tests, the command line's own imports) it is English. */
function decide(): Language {
  if (typeof document === 'undefined') return 'en'
  const wished = stored() ?? navigator.language.slice(0, 2)
  return LANGUAGES.find((language) => language === wished) ?? 'en'
}

function stored(): string | null {
  try {
    return localStorage.getItem(KEY)
  } catch {
    // Storage is blocked: the browser's language decides.
    return null
  }
}

export const LANGUAGE: Language = decide()

/** Words are read when the page loads, so it is loaded anew; a run goes on from its last saved step. */
export function chooseLanguage(language: Language): void {
  try {
    localStorage.setItem(KEY, language)
  } catch {
    // Without storage the choice cannot outlive the reload.
    return
  }
  location.reload()
}

/** The same keys and arguments, with any words. */
type Words<T> = T extends string
  ? string
  : T extends (...given: infer Given) => infer Text
    ? (...given: Given) => Words<Text>
    : T extends readonly (infer Entry)[]
      ? readonly Words<Entry>[]
      : { readonly [Key in keyof T]: Words<T[Key]> }

/** A missing key in either language is a type error. */
export function inLanguage<T>(english: T, german: NoInfer<Words<T>>): Words<T> {
  // English is of its own widened type; the compiler does not see that through the recursion.
  return LANGUAGE === 'de' ? german : (english as Words<T>)
}
