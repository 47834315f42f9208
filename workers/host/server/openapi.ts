/** `/openapi.json`, put together from the schemas of the protocol and the table of routes below. */
import * as z from 'zod/mini'
import {
  ClassifyRequest,
  ClassifyResponse,
  ErrorBody,
  GenerateLine,
  GenerateRequest,
  ModelList,
  PARTS,
  PublicSetList,
  TransferJob,
  TransferRequest,
} from '../../protocol/wire.ts'
import type { Scope } from './keys.ts'

const SCHEMAS = {
  TransferRequest,
  TransferJob,
  ClassifyRequest,
  ClassifyResponse,
  GenerateRequest,
  GenerateLine,
  ModelList,
  PublicSetList,
  ErrorBody,
}
type SchemaName = keyof typeof SCHEMAS

type Content = { readonly type: string; readonly schema?: SchemaName | object }

export type ApiRoute = {
  readonly method: 'get' | 'post' | 'delete'
  /** With `{name}` for parameters. */
  readonly path: string
  readonly summary: string
  readonly scope?: Scope
  readonly body?: Content
  readonly status: number
  readonly answer?: Content
}

const JSON_TYPE = 'application/json'
export const LINES_TYPE = 'application/x-ndjson'
const BINARY = { type: 'string', format: 'binary' }

const UPLOAD = {
  type: 'object',
  properties: { [PARTS.config]: BINARY, [PARTS.weights]: BINARY, [PARTS.request]: reference('TransferRequest') },
  required: Object.values(PARTS),
  additionalProperties: false,
}

const PROMPT = {
  type: 'object',
  properties: { [PARTS.config]: BINARY, [PARTS.weights]: BINARY },
  required: [PARTS.config, PARTS.weights],
}

/** Every route of the API; a test holds it against the application's own. */
export const API_ROUTES: readonly ApiRoute[] = [
  {
    method: 'post',
    path: '/v1/transfers',
    summary: 'Send a prompt for transfer. The same upload twice is one job.',
    scope: 'transfer',
    body: { type: 'multipart/form-data', schema: UPLOAD },
    status: 202,
    answer: { type: JSON_TYPE, schema: 'TransferJob' },
  },
  {
    method: 'get',
    path: '/v1/transfers/{id}',
    summary: 'The job as it is now.',
    scope: 'transfer',
    status: 200,
    answer: { type: JSON_TYPE, schema: 'TransferJob' },
  },
  {
    method: 'get',
    path: '/v1/transfers/{id}/events',
    summary: 'The job now and at each change until it is over, as server-sent events called "job".',
    scope: 'transfer',
    status: 200,
    answer: { type: 'text/event-stream', schema: 'TransferJob' },
  },
  {
    method: 'get',
    path: '/v1/transfers/{id}/prompt',
    summary: 'The prompt for the large model, as the two files of a PEFT folder.',
    scope: 'transfer',
    status: 200,
    answer: { type: 'multipart/form-data', schema: PROMPT },
  },
  {
    method: 'get',
    path: '/v1/transfers/{id}/prompt/{file}',
    summary: `One file of the PEFT folder: ${PARTS.config} or ${PARTS.weights}.`,
    scope: 'transfer',
    status: 200,
    answer: { type: 'application/octet-stream', schema: BINARY },
  },
  {
    method: 'delete',
    path: '/v1/transfers/{id}',
    summary: 'Stop the job and remove every byte of it.',
    scope: 'transfer',
    status: 204,
  },
  {
    method: 'post',
    path: '/v1/prompts/{id}/classify',
    summary: 'Class probabilities of texts by the large model with a finished prompt. Texts are not kept.',
    scope: 'classify',
    body: { type: JSON_TYPE, schema: 'ClassifyRequest' },
    status: 200,
    answer: { type: JSON_TYPE, schema: 'ClassifyResponse' },
  },
  {
    method: 'post',
    path: '/v1/prompts/{id}/generate',
    summary:
      'Answers to texts by the large model with a finished prompt of an extract task, a line of JSON each as they come. Texts are not kept.',
    scope: 'classify',
    body: { type: JSON_TYPE, schema: 'GenerateRequest' },
    status: 200,
    answer: { type: LINES_TYPE, schema: 'GenerateLine' },
  },
  {
    method: 'get',
    path: '/v1/models',
    summary: 'The models of this host; files are listed for students alone.',
    status: 200,
    answer: { type: JSON_TYPE, schema: 'ModelList' },
  },
  {
    method: 'get',
    path: '/v1/models/{id}/files/{name}',
    summary: 'A file of a student model. With ?sha256=HASH it may be cached for good.',
    status: 200,
    answer: { type: 'application/octet-stream', schema: BINARY },
  },
  {
    method: 'get',
    path: '/v1/public-sets',
    summary: 'Public texts that a transfer may use.',
    status: 200,
    answer: { type: JSON_TYPE, schema: 'PublicSetList' },
  },
  { method: 'get', path: '/healthz', summary: 'The process answers.', status: 200, answer: { type: JSON_TYPE } },
  {
    method: 'get',
    path: '/readyz',
    summary: 'It can do work; 503 where not.',
    status: 200,
    answer: { type: JSON_TYPE },
  },
  {
    method: 'get',
    path: '/metrics',
    summary: 'Figures in Prometheus text format.',
    scope: 'metrics',
    status: 200,
    answer: { type: 'text/plain' },
  },
  { method: 'get', path: '/openapi.json', summary: 'This document.', status: 200, answer: { type: JSON_TYPE } },
]

/** The document, OpenAPI 3.1. */
export function openApi(): object {
  const paths: Record<string, Record<string, object>> = {}
  for (const route of API_ROUTES) paths[route.path] = { ...paths[route.path], [route.method]: operation(route) }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Softpost transfer host',
      version: '1',
      description: 'Turns a soft prompt tuned on a student model into one for its teacher, with public data alone.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths,
    components: {
      schemas: Object.fromEntries(Object.entries(SCHEMAS).map(([name, schema]) => [name, z.toJSONSchema(schema)])),
      securitySchemes: { key: { type: 'http', scheme: 'bearer' } },
    },
  }
}

function operation(route: ApiRoute): object {
  const parameters = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
  return {
    summary: route.summary,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(route.scope ? { security: [{ key: [] }], description: `Key scope: ${route.scope}.` } : { security: [] }),
    ...(route.body ? { requestBody: { required: true, content: content(route.body) } } : {}),
    responses: {
      [route.status]: { description: route.summary, ...(route.answer ? { content: content(route.answer) } : {}) },
      default: { description: 'An error.', content: content({ type: JSON_TYPE, schema: 'ErrorBody' }) },
    },
  }
}

function content({ type, schema }: Content): object {
  if (schema === undefined) return { [type]: {} }
  return { [type]: { schema: typeof schema === 'string' ? reference(schema) : schema } }
}

function reference(name: SchemaName): object {
  return { $ref: `#/components/schemas/${name}` }
}
