/** What a model says of a text: a class, or a text of its own. */
import type { Prediction, TextAnswer } from './tuner.ts'

export type Answer = Prediction | TextAnswer

export function isText(answer: Answer): answer is TextAnswer {
  return 'answer' in answer
}

/** The class's name, or the text. */
export function answerWords(answer: Answer): string {
  return isText(answer) ? answer.answer : answer.label
}

/** That the model gave the class, or the tokens of the text one after the other. */
export function answerProbability(answer: Answer): number {
  if (isText(answer)) return answer.tokens.reduce((product, { probability }) => product * probability, 1)
  return answer.probabilities.find(({ label }) => label === answer.label)?.probability ?? 0
}
