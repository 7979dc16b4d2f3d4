#pragma once

#include <ATen/core/Tensor.h>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "batch.h"
#include "classifier.h"
#include "dropout.h"
#include "encoder.h"
#include "executor.h"
#include "geometry.h"
#include "optimizer.h"
#include "parameters.h"
#include "products.h"
#include "team.h"

namespace nerbert {

struct EngineOptions {
  Geometry geometry;
  std::string device;
  bool bfloat16;  // type of the linear layers' products; parameters and everything else stay float32
  DropoutRates dropout;
  uint64_t seed;
  std::vector<float> class_weights;  // (labels) or empty
  int64_t frozen;               // blocks from the bottom that are not trained: the embeddings, then layers
  bool gradient_checkpointing;  // compute layers again for their gradients instead of keeping what they need:
                                // less memory
  MatrixPath matrix_path;
  bool fused;  // on a CPU: with the fused kernels; else in ATen's operations, as on a GPU
};

// A parameter and the bytes of a file that hold it, or shall.
struct TensorLocation {
  std::string parameter;
  std::string file;
  int64_t offset;
  at::ScalarType type;
  std::vector<int64_t> strides;  // of the stored elements; empty: row-major
};

// Where the two moments of each parameter are kept.
struct MomentLocations {
  std::vector<TensorLocation> first;
  std::vector<TensorLocation> second;
};

enum class LossReduction { kTokenMean, kBatchMean };

struct StepRequest {
  std::vector<HostBatch> batches;
  int64_t optimizer;
  double learning_rate;
  std::optional<double> clipping;
  LossReduction reduction;
  double loss_scale = 1;  // factor of the objective
  bool separate;          // compute each micro-batch by itself, for the least memory
  uint32_t step;          // keys the dropout masks
};

struct StepResult {
  std::vector<double> losses;  // each micro-batch's share of the objective
  double gradient_norm;
};

struct ForwardResult {
  std::vector<float> logits;  // (pieces, labels)
  LossSum loss;
  std::vector<std::vector<float>> hidden_states;  // (layers + 1) of (pieces, hidden), where asked for
};

struct LabelPredictions {
  std::vector<int32_t> labels;  // (labelled pieces): the most likely label of each
  LossSum loss;
};

// Parameters as they were, with the state of an optimizer where one was named.
struct Snapshot {
  at::Tensor values;
  std::optional<int64_t> optimizer;
  AdamState optimizer_state;  // undefined tensors without an optimizer
};

// A model with its gradients and optimizers on one device. Used by the executor's thread alone.
class Engine {
 public:
  // Parameters are zero until load() and initialise() have filled them.
  Engine(const EngineOptions& options, const StopFlag& stop);

  void set_matrix_path(const MatrixPath& path);
  void load(const std::vector<TensorLocation>& locations);
  // As transformers does: weights normal with mean 0, biases 0, LayerNorm weights 1, the padding embedding 0.
  void initialise(const std::vector<std::string>& names, double standard_deviation);
  // Writes float32 into existing files.
  void save(const std::vector<TensorLocation>& locations) const;

  // In float32, whatever the type that training multiplies in.
  ForwardResult forward(const HostBatch& batch, bool with_hidden_states);
  LabelPredictions predict_labelled(const HostBatch& batch);
  void create_optimizer(int64_t id, const AdamOptions& options);
  void drop_optimizer(int64_t id) { optimizers_.erase(id); }
  // Writes float32 into existing files. Returns the updates that the optimizer has made.
  int64_t save_optimizer(int64_t id, const MomentLocations& locations) const;
  void load_optimizer(int64_t id, const MomentLocations& locations, int64_t updates);
  StepResult train_step(const StepRequest& request);
  // Of the training steps that follow.
  void set_dropout(const DropoutRates& rates) { dropout_ = rates; }

  // Keeps a copy of the parameters, and of an optimizer's state, on the device.
  void take_snapshot(int64_t id, std::optional<int64_t> optimizer);
  // Puts back what a snapshot holds, bit for bit; it stays usable.
  void restore_snapshot(int64_t id);
  void drop_snapshot(int64_t id) { snapshots_.erase(id); }

  // A parameter, or its gradient as the last step left it.
  std::vector<float> read_parameter(const std::string& name) const;
  std::vector<float> read_gradient(const std::string& name) const;

 private:
  Adam& optimizer(int64_t id);
  Encoder& train_encoder();
  void refresh_compute_copy();
  void read_flat(const at::Tensor& flat, const std::vector<TensorLocation>& locations) const;
  void write_flat(const at::Tensor& flat, const std::vector<TensorLocation>& locations) const;
  const Adam& optimizer(int64_t id) const;
  // The sequences of a batch as threads are to share them: one share a thread where that is the faster way,
  // else a single one.
  std::vector<HostBatch> shares(const HostBatch& batch) const;
  // work(device batch) for the shares of a batch -> what they gave, in order.
  template <class Result, class Work>
  std::vector<Result> evaluate(const HostBatch& batch, const Work& work);
  // The step's sequences as they are computed, some at once.
  std::vector<HostBatch> parts(const StepRequest& request) const;
  // (micro-batches): what the loss of each is divided by; infinite where it has no label that counts. Throws
  // ERR_BATCH where none has.
  std::vector<double> denominators(const StepRequest& request) const;
  std::vector<TrainingShare> training_shares(const HostBatch& part, const DropoutKey& key) const;
  // Adds to `losses`, (micro-batches) float64 on the CPU, and to the gradients.
  void train_part(const std::vector<TrainingShare>& shares, const at::Tensor& denominators,
                  const at::Tensor& losses);
  double clip_gradients(std::optional<double> clipping);

  const Geometry geometry_;
  const c10::Device device_;
  DropoutRates dropout_;
  const uint64_t seed_;
  const int64_t frozen_;
  const bool fused_;
  const StopFlag& stop_;
  const ParameterLayout layout_;
  const std::vector<float> label_weights_;  // (labels) or empty
  at::Tensor class_weights_;                // the same on the device, or undefined
  at::Tensor values_;                       // flat float32
  at::Tensor compute_copy_;    // flat bfloat16, of the weights of products alone; undefined in float32
  ModelTensors parameters_;    // views into values_
  ModelTensors weights_;       // for products: views into compute_copy_, of all else into values_
  Gradients gradients_;        // made by the first step, so that inference never pays for it
  double gradient_scale_ = 1;  // what clipping leaves of the last step's gradients
  std::deque<Arena> arenas_;   // of the tensors of a pass, on a CPU: one for each thread that makes one
  std::unique_ptr<Encoder> encoder_;  // in float32
  std::unique_ptr<Encoder>
      low_precision_encoder_;  // that training uses where it multiplies in bfloat16, or null
  std::map<int64_t, Adam> optimizers_;
  std::map<int64_t, Snapshot> snapshots_;
};

// Bytes that an engine's parameters take on its device.
int64_t parameter_bytes(const Geometry& geometry);

}  // namespace nerbert
