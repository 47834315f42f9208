/** BERT and RoBERTa as masked language models (HF `BertForMaskedLM`, `RobertaForMaskedLM`, eval mode). */
import * as z from 'zod/mini'
import {
  mapOf,
  type Activation,
  type Architecture,
  type Blueprint,
  type LayerSpec,
  type MapPart,
  type MapSpec,
  type NormSpec,
  type PositionTable,
} from '../transformer/blueprint.ts'
import { eps, parseConfig, positive, refuse } from './config.ts'

/** The part of a `config.json` (HF `BertConfig`, `RobertaConfig`) that changes numbers; the rest is ignored. */
const BertJson = z.object({
  num_hidden_layers: positive,
  hidden_size: positive,
  intermediate_size: positive,
  num_attention_heads: positive,
  vocab_size: positive,
  max_position_embeddings: positive,
  type_vocab_size: z._default(positive, 2),
  layer_norm_eps: z._default(eps, 1e-12),
  hidden_act: z._default(z.string(), 'gelu'),
  pad_token_id: z.optional(z.nullable(z.int())),
  position_embedding_type: z._default(z.string(), 'absolute'),
  is_decoder: z._default(z.boolean(), false),
  tie_word_embeddings: z._default(z.boolean(), true),
})
type Config = z.infer<typeof BertJson>

/** HF's names of what the two call differently. */
type Names = { readonly dense: string; readonly norm: string; readonly bias: string; readonly decoder: string }

export const BERT: Architecture = {
  type: 'bert',
  prefix: 'bert.',
  blueprint: (json) => {
    const config = parseConfig('bert', BertJson, json)
    const positions = { name: positionName('bert'), rows: config.max_position_embeddings, first: 0, padId: null }
    const head = 'cls.predictions'
    return blueprint('bert', config, {
      positions,
      names: {
        dense: `${head}.transform.dense`,
        norm: `${head}.transform.LayerNorm`,
        bias: `${head}.bias`,
        decoder: `${head}.decoder.weight`,
      },
    })
  },
}

export const ROBERTA: Architecture = {
  type: 'roberta',
  prefix: 'roberta.',
  blueprint: (json) => {
    const config = parseConfig('roberta', BertJson, json)
    const padId = config.pad_token_id ?? 1
    const positions = { name: positionName('roberta'), rows: config.max_position_embeddings, first: padId + 1, padId }
    const names = {
      dense: 'lm_head.dense',
      norm: 'lm_head.layer_norm',
      bias: 'lm_head.bias',
      decoder: 'lm_head.decoder.weight',
    }
    return blueprint('roberta', config, { positions, names })
  },
}

function positionName(base: string): string {
  return `${base}.embeddings.position_embeddings.weight`
}

function blueprint(
  type: string,
  config: Config,
  { positions, names }: { readonly positions: PositionTable; readonly names: Names },
): Blueprint {
  const { hidden_size: width, num_attention_heads: heads } = config
  if (width % heads !== 0) refuse(type, 'num_attention_heads', heads)
  if (config.position_embedding_type !== 'absolute')
    refuse(type, 'position_embedding_type', config.position_embedding_type)
  if (config.is_decoder) refuse(type, 'is_decoder', true)
  const activation = activationOf(type, config.hidden_act)
  const norm = (name: string): NormSpec => ({ kind: 'layer', name, eps: config.layer_norm_eps })
  const tokens = `${type}.embeddings.word_embeddings.weight`
  return {
    architecture: type,
    kind: 'masked',
    width,
    heads,
    keyHeads: heads,
    headWidth: width / heads,
    vocabulary: config.vocab_size,
    contextLength: positions.rows - positions.first,
    order: 'post',
    rope: null,
    embeddings: {
      tokens,
      positions,
      types: { name: `${type}.embeddings.token_type_embeddings.weight`, rows: config.type_vocab_size },
      norm: norm(`${type}.embeddings.LayerNorm`),
    },
    layers: Array.from({ length: config.num_hidden_layers }, (_, layer) =>
      layerSpec(`${type}.encoder.layer.${layer}`, { width, heads, inner: config.intermediate_size, activation, norm }),
    ),
    finalNorm: null,
    head: {
      transform: { dense: dense(width, width, names.dense), activation, norm: norm(names.norm) },
      tokens: config.tie_word_embeddings ? tokens : names.decoder,
      bias: names.bias,
    },
  }
}

function layerSpec(
  at: string,
  sizes: {
    readonly width: number
    readonly heads: number
    readonly inner: number
    readonly activation: Activation
    readonly norm: (name: string) => NormSpec
  },
): LayerSpec {
  const { width: d, heads, inner, activation, norm } = sizes
  const self = (name: string): MapPart => ({
    name: `${at}.attention.self.${name}`,
    bias: true,
    inputsFirst: false,
    outputs: d,
  })
  return {
    norm1: norm(`${at}.attention.output.LayerNorm`),
    q: { ...mapOf(d, self('query')), scale: 1 / Math.sqrt(d / heads) },
    kv: mapOf(d, self('key'), self('value')),
    out: dense(d, d, `${at}.attention.output.dense`),
    norm2: norm(`${at}.output.LayerNorm`),
    activation,
    up: dense(d, inner, `${at}.intermediate.dense`),
    down: dense(inner, d, `${at}.output.dense`),
  }
}

function dense(inputs: number, outputs: number, name: string): MapSpec {
  return mapOf(inputs, { name, bias: true, inputsFirst: false, outputs })
}

function activationOf(type: string, name: string): 'gelu-erf' | 'gelu-tanh' {
  if (name === 'gelu') return 'gelu-erf'
  if (name === 'gelu_new') return 'gelu-tanh'
  return refuse(type, 'hidden_act', name)
}
