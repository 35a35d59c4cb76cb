import { shellWord } from '../../model/index.ts'
import type { PreviewView } from '../views/plan.ts'

/** Exact commands and files of each deployment, as a shell could run them. */
export function previewText(previews: readonly PreviewView[]): string {
  return previews
    .map(({ label, points, preview }) => {
      const files = preview.files.map(file => `# file ${file.path}\n${indent(file.content)}`)
      const commands = preview.commands.map(({ argv, env, note }) => {
        const variables = Object.entries(env).map(([name, value]) => `${name}=${shellWord(value, 'variables')}`)
        return `${note === undefined ? '' : `# ${note}\n`}${[...variables, ...argv.map(word => shellWord(word, 'variables'))].join(' ')}`
      })
      return [`## ${label} (${points} points)`, ...files, ...commands].join('\n')
    })
    .join('\n\n')
}

const indent = (text: string) => text.trimEnd().replaceAll(/^/gm, '  ')
