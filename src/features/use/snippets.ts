/** Lines to copy into a shell or a program; what stands in them is the provider's address and the job's number. */

export type SnippetParts = {
  /** With a slash at its end. */
  readonly endpoint: string
  readonly jobId: string
  readonly answers: 'classes' | 'texts'
  readonly withKey: boolean
}

const EXAMPLE = 'Best sandwich in town.'

export function curlSnippet(parts: SnippetParts): string {
  const { withKey } = parts
  return [
    `curl -s ${addressOf(parts)} \\`,
    ...(withKey ? [`  -H "Authorization: Bearer $SOFTPOST_KEY" \\`] : []),
    `  -H 'Content-Type: application/json' \\`,
    `  -d '${JSON.stringify({ texts: [EXAMPLE] })}'`,
  ].join('\n')
}

export function pythonSnippet(parts: SnippetParts): string {
  const { withKey } = parts
  return [
    `import json${withKey ? ', os' : ''}, urllib.request`,
    '',
    'request = urllib.request.Request(',
    `    "${addressOf(parts)}",`,
    `    data=json.dumps({"texts": ["${EXAMPLE}"]}).encode(),`,
    withKey
      ? `    headers={"Content-Type": "application/json", "Authorization": "Bearer " + os.environ["SOFTPOST_KEY"]},`
      : `    headers={"Content-Type": "application/json"},`,
    ')',
    'with urllib.request.urlopen(request) as answer:',
    ...(parts.answers === 'texts'
      ? ['    for line in answer:', '        print(json.loads(line)["answer"])']
      : ['    for prediction in json.load(answer)["predictions"]:', '        print(prediction["label"])']),
  ].join('\n')
}

function addressOf({ endpoint, jobId, answers }: SnippetParts): string {
  return `${endpoint}v1/prompts/${encodeURIComponent(jobId)}/${answers === 'texts' ? 'generate' : 'classify'}`
}
