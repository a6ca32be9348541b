import type { RecognizerConfig } from './config.ts';

/** AdaFace's squeeze and excitation within a unit; InsightFace has none. */
export const squeezeName = 'res_layer.se_block';

/** What a family of networks calls its layers, so that its published weights load. */
export interface LayerNames {
  readonly stem: { readonly conv: string; readonly norm: string; readonly slopes: string };
  /** Within a unit, in the order of its layers. */
  readonly unit: {
    readonly norm1: string;
    readonly conv1: string;
    readonly norm2: string;
    readonly slopes: string;
    readonly conv2: string;
    readonly norm3: string;
    readonly shortcutConv: string;
    readonly shortcutNorm: string;
  };
  readonly head: { readonly norm: string; readonly linear: string; readonly features: string };
}

const adaFace: LayerNames = {
  stem: { conv: 'input_layer.0', norm: 'input_layer.1', slopes: 'input_layer.2' },
  unit: {
    norm1: 'res_layer.0',
    conv1: 'res_layer.1',
    norm2: 'res_layer.2',
    slopes: 'res_layer.3',
    conv2: 'res_layer.4',
    norm3: 'res_layer.5',
    shortcutConv: 'shortcut_layer.0',
    shortcutNorm: 'shortcut_layer.1',
  },
  head: { norm: 'output_layer.0', linear: 'output_layer.3', features: 'output_layer.4' },
};

const insightFace: LayerNames = {
  stem: { conv: 'conv1', norm: 'bn1', slopes: 'prelu' },
  unit: {
    norm1: 'bn1',
    conv1: 'conv1',
    norm2: 'bn2',
    slopes: 'prelu',
    conv2: 'conv2',
    norm3: 'bn3',
    shortcutConv: 'downsample.0',
    shortcutNorm: 'downsample.1',
  },
  head: { norm: 'bn2', linear: 'fc', features: 'features' },
};

export const namesOf = ({ variant }: RecognizerConfig): LayerNames => (variant === 'iresnet' ? insightFace : adaFace);
