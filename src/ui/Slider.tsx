import { Slider as RadixSlider } from 'radix-ui'
import { cx } from './cx.ts'
import styles from './Slider.module.css'

type SliderProps = {
  readonly label: string
  readonly value: number
  readonly min: number
  readonly max: number
  readonly step?: number
  /** The value in words, for a screen reader. */
  readonly valueText: string
  readonly onChange: (value: number) => void
  readonly disabled?: boolean
  /** `fading` draws a scale from much to little; `filled` an amount. */
  readonly track?: 'filled' | 'fading'
}

export function Slider({
  label,
  value,
  min,
  max,
  step = 1,
  valueText,
  onChange,
  disabled = false,
  track = 'filled',
}: SliderProps) {
  return (
    <RadixSlider.Root
      className={styles.root}
      value={[value]}
      min={min}
      max={max}
      step={step}
      disabled={disabled}
      onValueChange={([next]) => {
        if (next !== undefined) onChange(next)
      }}
    >
      <RadixSlider.Track className={cx(styles.track, styles[track])}>
        <RadixSlider.Range className={styles.range} />
      </RadixSlider.Track>
      <RadixSlider.Thumb className={styles.thumb} aria-label={label} aria-valuetext={valueText} />
    </RadixSlider.Root>
  )
}
