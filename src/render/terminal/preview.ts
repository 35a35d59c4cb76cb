import { shellWord } from '../../model/index.ts'
import { counted } from '../views/format.ts'
import type { LoadExampleView, PreviewView, RequestView } from '../views/plan.ts'

/** Exact commands and files of each deployment, as a shell could run them. */
export function previewText(previews: readonly PreviewView[]): string {
  return previews
    .map(({ label, points, preview }) => {
      const files = preview.files.map(file => `# file ${file.path}\n${indent(file.content)}`)
      const commands = preview.commands.map(({ argv, env, note }) => {
        const variables = Object.entries(env).map(([name, value]) => `${name}=${shellWord(value, 'variables')}`)
        return `${note === undefined ? '' : `# ${note}\n`}${[...variables, ...argv.map(word => shellWord(word, 'variables'))].join(' ')}`
      })
      const requests = (preview.requests ?? []).map(
        request => `# a request of the first point\n${requestText(request)}`,
      )
      return [`## ${label} (${counted(points, 'point')})`, ...files, ...commands, ...requests].join('\n')
    })
    .join('\n\n')
}

/** The requests of the load, after a plan. */
export function loadExampleText(example: LoadExampleView): string {
  return example.kind === 'request'
    ? `a request of the first point:\n${indent(requestText(example))}`
    : `the load of the first point:\n  ${example.argv.map(word => shellWord(word)).join(' ')}`
}

/** `POST URL`, its headers, and its body as JSON. */
function requestText({ url, headers, body }: RequestView): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  return [`POST ${url}`, ...lines, '', JSON.stringify(body, null, 2)].join('\n')
}

const indent = (text: string) => text.trimEnd().replaceAll(/^(?=.)/gm, '  ')
