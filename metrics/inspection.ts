/** An identity of a set, with the name that it has there. Names come from outside. */
export interface InspectedIdentity {
  readonly identity: number;
  /** Absent where the set has no names. */
  readonly name?: string;
}

/** Two identities that may be one person. */
interface IdentityPair {
  readonly left: InspectedIdentity;
  readonly right: InspectedIdentity;
  /** File of the artifact that shows both side by side: images of `left`, a gap, images of `right`. Absent where none was made. */
  readonly picture?: string;
}

/** Two identities that hold the same photos. */
export interface SamePhoto extends IdentityPair {
  readonly images: number;
}

/** Two identities whose centers are above the threshold. */
export interface SamePerson extends IdentityPair {
  readonly cosine: number;
}

/** Identities that a recognizer takes for one person. */
export interface SamePersonFound {
  /** Identities of the inspected set with a counterpart above the threshold. */
  readonly identities: number;
  /** Pairs above the threshold. `listed` holds those of the highest cosine. */
  readonly pairs: number;
  /** The highest cosine to a counterpart; absent where there is none. */
  readonly highest?: number;
  readonly listed: readonly SamePerson[];
}

/** Images that are there twice, and identities that look like one person: within the set, or between it and another. */
export interface Overlap {
  /** Images of the inspected set whose file is there before, or in the other set. */
  readonly bytes: number;
  /** The same by decoded pixels: all of the above, and those that were encoded anew. */
  readonly pixels: number;
  /** Pairs of identities with images of equal pixels. `samePhoto` holds those that share most. */
  readonly identityPairs: number;
  readonly samePhoto: readonly SamePhoto[];
  /** Absent where no recognizer was given. */
  readonly samePerson?: SamePersonFound;
}

/** A set that the inspected one was compared with. */
export interface ComparedSet extends Overlap {
  readonly label: string;
  readonly type: 'dataset' | 'benchmarks';
  readonly data: string;
  /** Of benchmarks: which of their sets. */
  readonly set?: string;
  readonly identities: number;
  readonly images: number;
}

/** What is wrong with a set of images, or worth knowing: `data/inspect`. */
export interface InspectionMetrics {
  readonly kind: 'inspection';
  readonly data: string;
  readonly identities: number;
  readonly images: number;
  readonly imagesPerIdentity: { readonly min: number; readonly median: number; readonly max: number };
  /** Named identities without any image. `names` holds the first of them. */
  readonly empty: { readonly count: number; readonly names: readonly string[] };
  /** Identities with fewer than `minImages` images. `listed` holds those with the fewest. */
  readonly nearEmpty: {
    readonly count: number;
    readonly minImages: number;
    readonly listed: readonly (InspectedIdentity & { readonly images: number })[];
  };
  /** The cosine above which two identities count as one person; absent where no recognizer was given. */
  readonly threshold?: number;
  readonly within: Overlap & {
    /** Images whose pixels are also under another identity. */
    readonly acrossIdentities: number;
  };
  readonly others: readonly ComparedSet[];
}
