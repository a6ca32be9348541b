import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lineageOf } from '../../cli/lineage.ts';
import { findRun } from '../../cli/runs.ts';
import type { AuditResult } from '../../provenance/audit/index.ts';
import { datasetCard } from '../../provenance/card.ts';
import { openStore } from '../../store/index.ts';
import { type CliResult, cli, emptyFolder, root } from '../cli/helpers.ts';
import { startServices, type TestServices } from '../helpers/services.ts';

/** A real run with one mistake of each kind, as an auditor meets it. */
let services: TestServices;
let made: CliResult;
let audited: CliResult;

beforeAll(async () => {
  services = await startServices();
  const { home } = services;
  made = await cli(['run', join(root, 'test/provenance/experiment.yaml'), '--out', emptyFolder()], { home });
  audited = await cli(['audit', 'audited', '--json'], { home });
}, 600_000);

afterAll(() => services?.stop());

test('every byte, link and number of an untouched run holds, those of nearest real identities among them', () => {
  expect(made.code).toBe(0);
  expect(audited.code).toBe(0);
  const { checks, problems } = JSON.parse(audited.out) as AuditResult;
  expect(problems).toEqual([]);
  expect(checks.every(({ held, of }) => held === of)).toBe(true);
  expect(checks.find(({ what }) => what === 'numbers recomputed')?.of).toBeGreaterThan(40);
  expect(checks.find(({ what }) => what === '… from nearest real identities')?.of).toBe(7);
});

test('training on people of a benchmark, choosing an epoch by one, and one seed for repetitions are found', () => {
  const { findings } = JSON.parse(audited.out) as AuditResult;
  expect(findings.map(({ kind, nodes }) => ({ kind, nodes }))).toEqual([
    { kind: 'leakage', nodes: ['verify_leaky', 'faces'] },
    { kind: 'selection', nodes: ['verify_chosen', 'chosen', 'verify[epochs=1]', 'verify[epochs=2]'] },
    { kind: 'seeds', nodes: ['again[repeat=1]', 'again[repeat=2]'] },
    { kind: 'real faces', nodes: ['photos', 'synthetic'] },
  ]);
  expect(findings[0]?.message).toContain('holds 10 people of the benchmark');
});

test('the card of its generated set has the privacy numbers that were measured', async () => {
  const store = await openStore(services.endpoints.s3);
  const card = await datasetCard(await lineageOf(store, await findRun(store, 'audited')), 'synthetic', store);
  expect(card).toMatch(/Beside 4 identities of inquiries, by the recognizer chosen: \d of 4 synthetic identities/);
  expect(card).toContain('| photos | 4 | 12 | of people who exist | CC0-1.0 | not stated |');
});
