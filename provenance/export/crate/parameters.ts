import type { ActionRecord } from '../../../core/action.ts';
import { type ArtifactRef, artifactRefsIn } from '../../../core/artifact.ts';
import { canonicalJson } from '../../../core/canonical.ts';
import { type Digest, digestOfJson, hexOf } from '../../../core/digest.ts';
import type { Json } from '../../../core/errors.ts';
import { artifactId, type Entity, type EntityRef, localId, to } from '../entity.ts';

/** What FormalParameters of a crate are, and which values and artifacts are examples of them. */
export class Parameters {
  readonly #types = new Map<string, { readonly name: string; type: string }>();
  readonly #values = new Map<string, Entity>();
  readonly #artifacts = new Map<Digest, Set<string>>();

  /** A parameter or output of a stage kind that an artifact was the value of. @returns the parameter's id */
  artifact(kind: string, name: string, way: 'input' | 'output', { digest }: ArtifactRef): string {
    const id = this.#declare(kind, name, way, 'Collection');
    this.#artifacts.set(digest, (this.#artifacts.get(digest) ?? new Set()).add(id));
    return id;
  }

  /** A parameter that had a plain value. @returns the value's id, and the parameter's */
  value(kind: string, name: string, value: Json): { readonly value: string; readonly parameter: string } {
    const parameter = this.#declare(kind, name, 'input', typeOf(value));
    const id = `#value-${hexOf(digestOfJson([parameter, value])).slice(0, 16)}`;
    const plain = ['string', 'number', 'boolean'].includes(typeof value);
    this.#values.set(id, {
      ...{ '@id': id, '@type': 'PropertyValue', name, value: plain ? value : canonicalJson(value) },
      exampleOfWork: to(parameter),
    });
    return { value: id, parameter };
  }

  /** Parameters that an artifact is an example of. */
  examplesOf(digest: Digest): EntityRef[] {
    return [...(this.#artifacts.get(digest) ?? [])].map(to);
  }

  get entities(): Entity[] {
    const formal = [...this.#types].map(
      ([id, { name, type }]): Entity => ({
        ...{ '@id': id, '@type': 'FormalParameter', name, additionalType: type },
        conformsTo: to('https://bioschemas.org/profiles/FormalParameter/1.0-RELEASE'),
      }),
    );
    return [...formal, ...this.#values.values()];
  }

  #declare(kind: string, name: string, way: string, type: string): string {
    const id = localId(kind, way, name);
    const known = this.#types.get(id);
    if (known) known.type = widened(known.type, type);
    else this.#types.set(id, { name, type });
    return id;
  }
}

/**
 * What an action took, by the parameter that took it: artifacts where it names some, else its value. Of artifacts that were cut
 * for a part alone, and are not kept, only the names are left.
 */
export const objectsOf = (
  { action }: ActionRecord,
  parameters: Parameters,
  held: ReadonlySet<Digest>,
): { readonly objects: string[]; readonly inputs: string[] } => {
  const objects: string[] = [];
  const inputs: string[] = [];
  for (const [name, value] of Object.entries({ ...action.params, seed: action.seed })) {
    const refs = artifactRefsIn(value);
    const kept = refs.length > 0 && refs.every(({ digest }) => held.has(digest));
    for (const ref of kept ? refs : []) {
      inputs.push(parameters.artifact(action.kind, name, 'input', ref));
      objects.push(artifactId(ref.digest));
    }
    if (kept) continue;
    const taken = parameters.value(action.kind, name, value);
    inputs.push(taken.parameter);
    objects.push(taken.value);
  }
  return { objects: [...new Set(objects)], inputs: [...new Set(inputs)] };
};

const typeOf = (value: Json): string => {
  if (typeof value === 'number') return Number.isInteger(value) ? 'Integer' : 'Float';
  if (typeof value === 'boolean') return 'Boolean';
  return typeof value === 'string' ? 'Text' : 'PropertyValue';
};

/** A type that fits values of both types. */
const widened = (a: string, b: string): string => {
  if (a === b) return a;
  const numbers = ['Integer', 'Float'];
  return numbers.includes(a) && numbers.includes(b) ? 'Float' : 'PropertyValue';
};
