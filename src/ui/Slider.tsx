import { Slider as RadixSlider } from 'radix-ui'
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
}

export function Slider({ label, value, min, max, step = 1, valueText, onChange, disabled = false }: SliderProps) {
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
      <RadixSlider.Track className={styles.track}>
        <RadixSlider.Range className={styles.range} />
      </RadixSlider.Track>
      <RadixSlider.Thumb className={styles.thumb} aria-label={label} aria-valuetext={valueText} />
    </RadixSlider.Root>
  )
}
