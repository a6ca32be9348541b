import type { ActionKey } from '../../core/action.ts';
import { type Lineage, madeNodes, shardsOf } from '../../core/lineage.ts';
import { secondsOf } from '../../engine/spent.ts';
import { type Html, html } from '../../report/html.ts';
import { seconds } from '../trace/text.ts';

/** What the actions of a kind took, beside what was expected when their run started. */
export interface KindCosts {
  readonly kind: string;
  readonly actions: number;
  /** Of all attempts, those of shards among them. */
  readonly spentSeconds: number;
  readonly expectedSeconds: number;
  /** What it was expected by, each once. */
  readonly by: readonly string[];
}

/** Of the actions that the run had estimated and then made, each once, by kind in the plan's order. */
export const costsByKind = (lineage: Lineage): KindCosts[] => {
  const counted = new Set<ActionKey>();
  const kinds = new Map<string, KindCosts>();
  for (const { node, key, record } of madeNodes(lineage)) {
    const estimate = lineage.run.estimates?.[node.id];
    if (!estimate || counted.has(key)) continue;
    counted.add(key);
    const spent = [record, ...shardsOf(lineage, record)].reduce((sum, { attempts }) => sum + secondsOf(attempts), 0);
    const { actions, spentSeconds, expectedSeconds, by } = kinds.get(node.kind) ?? none;
    kinds.set(node.kind, {
      kind: node.kind,
      actions: actions + 1,
      spentSeconds: spentSeconds + spent,
      expectedSeconds: expectedSeconds + estimate.seconds,
      by: [...new Set([...by, estimate.by])],
    });
  }
  return [...kinds.values()];
};

const none = { actions: 0, spentSeconds: 0, expectedSeconds: 0, by: [] };

/** Empty for a run that had nothing to estimate. */
export const costsTable = (lineage: Lineage): Html => {
  const kinds = costsByKind(lineage);
  if (kinds.length === 0) return html``;
  return html`<p class="caption"><b>Compute time.</b> Spent on the actions that were estimated when the run started, all attempts together, beside what was expected. Networks alone are estimated: drawing, loading and reports are not.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Compute time"><table class="data" id="costs">
<thead><tr><th scope="col">Stage kind</th><th scope="col" class="n">Actions</th><th scope="col" class="n">Spent</th><th scope="col" class="n">Expected</th><th scope="col">Expected by</th></tr></thead>
<tbody>
${kinds.map(
  ({ kind, actions, spentSeconds, expectedSeconds, by }) =>
    html`<tr><th scope="row">${kind}</th><td class="n">${actions}</td><td class="n">${seconds(spentSeconds)}</td><td class="n">${seconds(expectedSeconds)}</td><td>${by.join('; ')}</td></tr>\n`,
)}</tbody>
</table></div>
`;
};
