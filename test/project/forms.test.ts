import assert from 'node:assert/strict'
import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { parse } from 'yaml'
import { z } from 'zod'

const root = join(import.meta.dirname, '../..')
const read = (path: string) => readFile(join(root, path), 'utf8')

/** GitHub's syntax of form schemas (docs.github.com, 'Syntax for GitHub's form schema'); every other key is refused. */
const validations = z.strictObject({ required: z.boolean() }).optional()
const text = z.string().min(1)
const id = z
  .string()
  .regex(/^[A-Za-z0-9_-]+$/)
  .optional()
const labelled = { label: text, description: text.optional() }
const written = { ...labelled, placeholder: text.optional(), value: text.optional() }
const options = z
  .array(text)
  .min(1)
  .refine(list => new Set(list).size === list.length, 'options are unique')
  .refine(list => !list.includes('None'), "'None' is GitHub's own option")
const element = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('markdown'), attributes: z.strictObject({ value: text }) }),
  z.strictObject({
    type: z.literal('textarea'),
    id,
    attributes: z.strictObject({ ...written, render: text.optional() }),
    validations,
  }),
  z.strictObject({ type: z.literal('input'), id, attributes: z.strictObject(written), validations }),
  z.strictObject({
    type: z.literal('dropdown'),
    id,
    attributes: z.strictObject({
      ...labelled,
      options,
      multiple: z.boolean().optional(),
      default: z.int().min(0).optional(),
    }),
    validations,
  }),
  z.strictObject({
    type: z.literal('checkboxes'),
    id,
    attributes: z.strictObject({
      ...labelled,
      options: z.array(z.strictObject({ label: text, required: z.boolean().optional() })).min(1),
    }),
    validations,
  }),
])
const form = z.strictObject({
  name: text,
  description: text,
  title: text.optional(),
  labels: z.array(text).optional(),
  assignees: z.array(text).optional(),
  body: z
    .array(element)
    .refine(list => list.some(({ type }) => type !== 'markdown'), 'a form asks something')
    .refine(list => areUnique(list.flatMap(part => ('id' in part && part.id ? [part.id] : []))), 'ids are unique')
    .refine(
      list => areUnique(list.flatMap(part => ('label' in part.attributes ? [part.attributes.label] : []))),
      'labels are unique',
    ),
})

const areUnique = (list: readonly string[]) => new Set(list).size === list.length

const paths = (await Array.fromAsync(glob('.github/ISSUE_TEMPLATE/*.yml', { cwd: root })))
  .filter(path => !path.endsWith('config.yml'))
  .sort()

describe('the issue forms', () => {
  test('have the syntax of GitHub, and misspelled ones would not', async () => {
    assert.deepEqual(paths, ['.github/ISSUE_TEMPLATE/bug.yml', '.github/ISSUE_TEMPLATE/feature.yml'])
    for (const path of paths) {
      const yaml = await read(path)
      form.parse(parse(yaml))
      assert.throws(() => form.parse(parse(yaml.replace('required: true', 'requierd: true'))))
      assert.throws(() => form.parse(parse(yaml.replace('type: textarea', 'type: textfield'))))
    }
  })

  test('offer every deployer that the schema of sweep files knows', async () => {
    const body = form.parse(parse(await read('.github/ISSUE_TEMPLATE/bug.yml'))).body
    const offered = body.flatMap(part =>
      part.type === 'dropdown' && part.id === 'deployer' ? part.attributes.options : [],
    )
    const schema = await read('schema/sweep.schema.json')
    const named = [...schema.matchAll(/"with": \{[^}]*?"const": "([\w-]+)"/g)].map(([, name = '']) => name)
    assert.ok(named.length >= 6, `${named}`)
    assert.deepEqual([...offered.slice(0, -2)].sort(), [...new Set(named)].sort())
  })
})

test('the configuration of issues leaves room for other questions', async () => {
  z.strictObject({ blank_issues_enabled: z.literal(true) }).parse(
    parse(await read('.github/ISSUE_TEMPLATE/config.yml')),
  )
})

test('the development container installs the project on the Node of .nvmrc', async () => {
  const container = z
    .looseObject({ image: z.string(), postCreateCommand: z.string() })
    .parse(JSON.parse(await read('.devcontainer/devcontainer.json')))
  assert.equal(container.image, `node:${(await read('.nvmrc')).split('.')[0]}-bookworm`)
  assert.match(container.postCreateCommand, /npm ci$/)
})
