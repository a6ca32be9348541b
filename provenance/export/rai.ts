import type { DatasetMeta } from '../../artifacts/codecs/dataset.ts';
import type { ArtifactRef } from '../../core/artifact.ts';
import type { JsonObject } from '../../core/errors.ts';
import type { MadeNode } from '../../core/lineage.ts';
import { printable } from '../../core/printable.ts';
import { limits } from '../card.ts';
import { faces, hasReal } from '../card-parts.ts';
import { intakeFacts } from '../intake-facts.ts';
import { roleOf } from '../roles.ts';
import type { Source } from '../upstream.ts';

/** A set, and the node that made it. */
interface MadeSet {
  readonly made: MadeNode;
  readonly ref: ArtifactRef;
  readonly meta: DatasetMeta;
}

interface Known {
  /** What the set depends on, itself included where it came in from outside. */
  readonly sources: readonly Source[];
  /** Whether the files of the description say how their images came to be. */
  readonly marked: boolean;
}

/**
 * What is known of a set in the terms of Croissant RAI 1.0: the fields that NeurIPS asks for (limitations, biases, personal
 * information, use cases, social impact, synthetic data), and how the set was collected, labelled and processed. Nothing is
 * claimed that the records do not hold; what they do not hold is called unknown.
 */
export const raiOf = (set: MadeSet, { sources, marked }: Known): JsonObject => ({
  'rai:dataCollection': collection(set, sources),
  'rai:dataCollectionType': ['Others'],
  'rai:dataPreprocessingProtocol': preprocessing(set, sources, marked),
  'rai:dataAnnotationProtocol': labels(set),
  'rai:dataLimitations': limitations(set, sources),
  'rai:dataBiases': biases(set),
  'rai:personalSensitiveInformation': personal(set, sources),
  'rai:dataUseCases': [
    'Research on face recognition: training and testing of recognizers. What whoever made this set intends it for is not recorded.',
    'Not for identifying people.',
  ],
  'rai:dataSocialImpact':
    'Not assessed for this set. Recognizers that learn from faces can be used to identify and to track people without their knowledge, and can err more often for some groups of people than for others.',
  'rai:dataReleaseMaintenancePlan': [
    `No plan is stated. The set does not change under its digest, ${set.ref.digest}: a corrected set has another.`,
  ],
  'rai:hasSyntheticData': set.meta.peopleShown !== 'real',
});

const verbs: { readonly [role: string]: string } = {
  'generated-data': 'Generated',
  'drawn-data': 'Drawn',
  'real-data': 'Taken in',
  selection: 'Chosen from other sets',
};

const collection = ({ made, meta }: MadeSet, sources: readonly Source[]): string => {
  const role = roleOf(made);
  const { node, record } = made;
  const format = meta.format ? `, from files of the format ${printable(meta.format)}` : '';
  const own = role === 'real-data' ? ' How the photos were collected is not known beyond what is stated.' : '';
  const upstream = sources.filter((source) => role !== 'real-data' || source.node === node.id);
  return `${verbs[role] ?? 'Made'} by ${record.action.kind} of cemiflow${format}.${own} It depends on: ${upstream.map(sourceText).join('; ') || 'no images from outside'}.`;
};

const sourceText = ({ node, peopleShown, images }: Source): string => {
  if (!images) return `${node}, a network that was trained outside of the run, on images that are not known`;
  const said = (what: string, value: string | undefined): string => `${what} ${printable(value || 'not stated')}`;
  const stated =
    peopleShown === 'drawn'
      ? []
      : [said('licence', images.licence), said('source', images.source), said('consent', images.consent)];
  return [`${node}, images ${faces[peopleShown]}`, ...stated].join(', ');
};

const preprocessing = ({ made, meta }: MadeSet, sources: readonly Source[], marked: boolean): string[] => [
  `Images are ${meta.height} x ${meta.width} pixels.`,
  ...sources.flatMap(({ node, images }) => (images ? intakeFacts(images) : []).map((fact) => `${node}: ${fact}`)),
  ...(marked
    ? [
        'Metadata (IPTC digitalSourceType) that says how an image was made was added to the files of this export. Pixels were not changed.',
      ]
    : []),
  ...(roleOf(made) === 'generated-data' && (meta.oversample ?? 0) > 0
    ? [`Each identity also holds its inquiry image, ${meta.oversample} times.`]
    : []),
];

const labels = ({ made, meta }: MadeSet): string => {
  if (roleOf(made) === 'generated-data' || meta.peopleShown === 'drawn')
    return 'Labels are by construction: an identity is what the images were asked to show. Nobody annotated them, and they were not checked.';
  return 'Labels are the identities of the source. Who labelled them is not known, and they were not checked.';
};

const limitations = ({ made, meta }: MadeSet, sources: readonly Source[]): string[] => {
  if (roleOf(made) === 'generated-data') return limits(sources);
  return [
    meta.peopleShown === 'drawn'
      ? 'Faces that a program drew are no faces of people: results on them do not carry over to photos.'
      : 'What the source does not state of its images, such as who is shown and under which conditions, is not known.',
    ...(meta.duplicates && meta.duplicates.identityPairs > 0
      ? ['Some photos are under two identities: their labels contradict each other.']
      : []),
    ...(meta.skipped ? ['Files of the source that could not be used are not in the set.'] : []),
    'Not for identifying people.',
  ];
};

const biases = ({ meta }: MadeSet): string[] => [
  meta.peopleShown === 'drawn'
    ? 'The faces are drawn by a program, and represent no group of people.'
    : 'Nothing was balanced or measured for age, gender, skin colour or origin: how groups are represented is not known. What is uneven in the sources is uneven here.',
];

const personal = ({ meta }: MadeSet, sources: readonly Source[]): string[] => {
  const people = sources.filter(({ peopleShown, images }) => peopleShown === 'real' && images);
  const names = people.map(({ node }) => node).join(', ');
  const copies = (meta.oversample ?? 0) > 0 && hasReal(sources);
  if (meta.peopleShown === 'real')
    return ['Faces of people who exist, by which they can be recognised. Age, gender and origin are not labelled.'];
  return [
    'No names, and no labels of age, gender or origin.',
    ...(copies ? ['The copies of inquiry images may be photos of people who exist.'] : []),
    people.length > 0
      ? `Photos of people who exist are upstream (${names}): images may resemble them.`
      : 'No photo of a person who exists is known to be upstream.',
    ...sources.flatMap(({ node, images }) =>
      images ? [] : [`What ${node} was trained on is not known: it may have been photos of people who exist.`],
    ),
  ];
};
