import { Select } from '../ui/Field.tsx'
import { chooseLanguage, LANGUAGE, LANGUAGES } from '../ui/language.ts'
import { SHELL_COPY } from './copy.ts'

/** Each in its own words, so that whoever landed in the wrong one finds the way back. */
const NAMES = { en: 'English', de: 'Deutsch' } as const

export function LanguageChoice() {
  return (
    <Select
      label={SHELL_COPY.language}
      value={LANGUAGE}
      options={LANGUAGES.map((language) => ({ value: language, label: NAMES[language] }))}
      onChange={(value) => {
        const language = LANGUAGES.find((candidate) => candidate === value)
        if (language !== undefined && language !== LANGUAGE) chooseLanguage(language)
      }}
    />
  )
}
