import { expect, test } from 'vitest'
import { modelTokenizer } from '../../../workers/model/modelTokenizer.ts'
import { errorOf, readBytes, toBytes, wordTokenizerFiles } from './support.ts'

const { json, config } = wordTokenizerFiles()

function filesOf(architecture: 'bert' | 'gpt2', tokenizerConfig: object) {
  return [
    { name: 'config.json', bytes: readBytes(`tests/golden/parity/${architecture}/config.json`) },
    { name: 'tokenizer.json', bytes: toBytes(JSON.stringify(json)) },
    { name: 'tokenizer_config.json', bytes: toBytes(JSON.stringify(tokenizerConfig)) },
  ]
}

test('a masked model is read at its mask token', () => {
  expect(modelTokenizer(filesOf('bert', config)).maskTokenId).toBe(4)
})

test('a causal model is read at the end, though its tokenizer knows a mask token', () => {
  expect(modelTokenizer(filesOf('gpt2', config)).maskTokenId).toBeNull()
})

test('a masked model whose tokenizer names no mask token is refused', () => {
  const { mask_token: _mask, ...without } = config as { readonly mask_token: unknown }
  const error = errorOf('tokenizer', () => modelTokenizer(filesOf('bert', without)))
  expect(error.message).toContain('mask_token')
})

test('a folder without a tokenizer is refused', () => {
  const [first] = filesOf('bert', config)
  errorOf('model-missing-file', () => modelTokenizer(first ? [first] : []))
})
