import { cx } from '../ui/cx.ts'
import { SHELL_COPY } from './copy.ts'
import { setTheme, THEMES, useTheme } from './theme.ts'
import styles from './ThemeChoice.module.css'

export function ThemeChoice() {
  const current = useTheme((state) => state.theme)
  return (
    <fieldset className={styles.choice}>
      <legend className="visually-hidden">{SHELL_COPY.theme.label}</legend>
      {THEMES.map((theme) => (
        <label key={theme} className={cx(styles.option, theme === current && styles.chosen)}>
          <input
            type="radio"
            name="theme"
            className="visually-hidden"
            checked={theme === current}
            onChange={() => setTheme(theme)}
          />
          {SHELL_COPY.theme[theme]}
        </label>
      ))}
    </fieldset>
  )
}
