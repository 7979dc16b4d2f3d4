/** The keys of config.json that nerbert reads, by their field of `BertConfig`. */
export const configKeys = {
  vocabSize: 'vocab_size',
  hiddenSize: 'hidden_size',
  numHiddenLayers: 'num_hidden_layers',
  numAttentionHeads: 'num_attention_heads',
  intermediateSize: 'intermediate_size',
  maxPositionEmbeddings: 'max_position_embeddings',
  typeVocabSize: 'type_vocab_size',
  hiddenAct: 'hidden_act',
  layerNormEps: 'layer_norm_eps',
  hiddenDropoutProb: 'hidden_dropout_prob',
  attentionProbsDropoutProb: 'attention_probs_dropout_prob',
  classifierDropout: 'classifier_dropout',
  initializerRange: 'initializer_range',
  padTokenId: 'pad_token_id',
  id2label: 'id2label',
  label2id: 'label2id',
} as const;

export type ConfigField = keyof typeof configKeys;
