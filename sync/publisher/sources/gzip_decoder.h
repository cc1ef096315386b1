// The content coding "gzip" (RFC 9110, section 8.4.1.3) as bytes arrive.

#pragma once

#include <memory>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "sync/trust/fetcher.h"

namespace cloister::publisher {

// Several members after each other count as one, as everywhere. Not thread-safe.
class GzipDecoder {
 public:
  GzipDecoder();
  ~GzipDecoder();

  // Passes on what `bytes` unpack to, in pieces. DataLoss if they are not gzip or damaged; errors
  // of `sink`.
  absl::Status Take(absl::string_view bytes, const trust::ByteSink& sink);
  // DataLoss unless the content came to its end.
  absl::Status Finish() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cloister::publisher
