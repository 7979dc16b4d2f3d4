/** What a file of a corpus is for. */
export type CorpusPart = 'train' | 'devel' | 'test';

export interface CorpusFile {
  /** In the repository. */
  path: string;
  /** In the cache. */
  name: string;
  bytes: number;
  sha256: string;
}

/** A corpus that is public, and known by name. */
export interface Corpus {
  title: string;
  /** On GitHub, with the commit that its files are of. */
  repository: string;
  commit: string;
  /** What its users may do with it. */
  licence: string;
  /** Whom its users are to name. */
  attribution: string;
  files: { readonly train: CorpusFile; readonly devel?: CorpusFile; readonly test: CorpusFile };
}

export const corpora = {
  jnlpba: {
    title: 'JNLPBA: MEDLINE abstracts with proteins, DNA, RNA, cell lines and cell types',
    repository: 'spyysalo/jnlpba',
    commit: '4455122de861c6e448e2e8c7f19ef8f49dbc32b2',
    licence:
      'annotations: GENIA Project License, Creative Commons Attribution 3.0; the abstracts belong to their owners',
    attribution:
      'Corpus annotations (c) GENIA Project; shared task: Kim, Ohta, Tsuruoka, Tateisi and Collier, ' +
      'Introduction to the Bio-Entity Recognition Task at JNLPBA (2004)',
    files: {
      train: {
        path: 'original-data/train/Genia4ERtask1.iob2',
        name: 'train.iob2',
        bytes: 4_876_036,
        sha256: 'a9e9004636bd177b40594571ee99444c8d8438e0c3fa28ece07952b8f43c5cd3',
      },
      test: {
        path: 'original-data/test/Genia4EReval1.iob2',
        name: 'test.iob2',
        bytes: 990_819,
        sha256: '1a3c38bb9593e1c4d2a7d256587ec3d9579ca4b3e58ae3778833e14d29bcb207',
      },
    },
  },
  'ncbi-disease': {
    title: 'NCBI Disease Corpus: PubMed abstracts with names of diseases',
    repository: 'spyysalo/ncbi-disease',
    commit: '780018cb0aad441d4aa2e868fd944181b36ad58a',
    licence: 'public domain (a work of the US government)',
    attribution:
      'Doğan, Leaman and Lu, NCBI disease corpus: a resource for disease name recognition and concept ' +
      'normalization, Journal of Biomedical Informatics (2014)',
    files: {
      train: {
        path: 'conll/train.tsv',
        name: 'train.tsv',
        bytes: 1_137_445,
        sha256: '58379baf4614b8d757d93dd7a21b202849ca99f9b9d71b49185523ff5443300c',
      },
      devel: {
        path: 'conll/devel.tsv',
        name: 'devel.tsv',
        bytes: 200_352,
        sha256: 'b4e1e7efcc2a35047bf2f3d281648357470e674f555d4a26a0049ac37d59cc61',
      },
      test: {
        path: 'conll/test.tsv',
        name: 'test.tsv',
        bytes: 205_664,
        sha256: '8f088ce45dc4746592188f9e69de3d89d87f3bb8f0ed8c4a287d018123fa148d',
      },
    },
  },
} as const satisfies Record<string, Corpus>;

export type CorpusName = keyof typeof corpora;

export const corpusNames = Object.keys(corpora) as CorpusName[];

export function isCorpusName(text: string): text is CorpusName {
  return Object.hasOwn(corpora, text);
}
