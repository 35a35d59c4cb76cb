import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { frontendArguments } from '../../src/deployers/dynamo/doctor.ts'
import { dynamoDeployer } from '../../src/deployers/dynamo/dynamo.ts'
import { askFrontendOptions, optionsOfVersion } from '../../src/deployers/dynamo/frontend-options.ts'
import { openLedger } from '../../src/process/ledger.ts'
import { workplace } from '../cli/fulcrum-process.ts'
import { aggregated, changes, deployment, dynamoVersions, mocker, model, watch } from './dynamo-deployment.ts'

const root = join(import.meta.dirname, '../..')

for (const version of ['dynamo', 'dynamo-1.6']) {
  const python = join(root, '.systems', version, 'bin/python')
  describe(`arguments of the frontend of ${version}`, { skip: !existsSync(python) }, () => {
    const asked = (frontend_args: typeof mocker.frontend_args) =>
      frontendArguments({ ...mocker, python, frontend_args })

    it('are the ones that are checked where no frontend can be asked', async () => {
      const known = dynamoVersions.find(one => one.python === python)?.version ?? assert.fail('no version')
      assert.deepEqual(
        new Map([...optionsOfVersion(known).known].toSorted()),
        new Map([...(await askFrontendOptions({ python, env: {} })).known].toSorted()),
        'node scripts/write-frontend-options.ts writes them anew',
      )
    })

    it('are known as the installed program tells them', async () => {
      const [known] = await asked({ 'router-mode': 'kv', 'kv-cache-block-size': 16 })
      assert.equal(known?.ok, true, known?.detail)
      const [unknown] = await asked({ 'router-mode': 'cleverest' })
      assert.match(
        `${unknown?.ok} ${unknown?.detail}`,
        /^false the installed frontend does not know --router-mode clev/,
      )
      const [plane] = await asked({ 'response-plane': 'quic' })
      assert.equal(plane?.ok, version === 'dynamo-1.6', plane?.detail)
      const [weight] = await asked({ 'router-prefill-load-scale': 2 })
      assert.equal(weight?.remedy !== undefined, version === 'dynamo-1.6', 'deprecated since 1.6')
    })

    it('that it does not know end a deployment before any frontend or worker starts', async () => {
      await using place = await workplace('')
      const ledger = await openLedger({ runFolder: place.folder, folder: join(place.folder, 'ledger') })
      const deployer = dynamoDeployer(
        { ...mocker, python, frontend_args: { 'router-mode': 'cleverest' } },
        { model: model.name, runFolder: join(place.folder, 'run'), ledger },
      )
      const context = watch(AbortSignal.timeout(60_000))
      await assert.rejects(deployer.reconcile(deployment(aggregated(1)), context), {
        kind: 'bad-input',
        code: 'frontend-argument-unknown',
        message: /deploy\.frontend_args: the installed frontend does not know --router-mode cleverest/,
      })
      assert.deepEqual(changes(context.events).started, [])
      await deployer.close()
      ledger.close()
    })
  })
}
