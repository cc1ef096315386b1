// How fast data comes in, what it takes, and what lookups notice of it.

#pragma once

#include "absl/status/statusor.h"
#include "tests/bench/appliance.h"
#include "tests/bench/bench.h"
#include "tests/bench/report.h"

namespace cloister::bench {

// Not thread-safe. All that is given must outlive it.
class UpdateBench {
 public:
  UpdateBench(const BenchOptions& options, const Digests& listed, Appliance* appliance,
              Report* report)
      : options_(options), listed_(listed), appliance_(*appliance), report_(*report) {}

  // Writes the first version of the feed.
  absl::Status BuildFeed();
  // Starts the server and hands that version over.
  absl::Status MeasureSnapshot();
  // Memory and disk, as they are now.
  absl::Status MeasureFootprint();
  absl::Status MeasureDeltas();
  absl::Status MeasureStart();

 private:
  uint64_t DeltaRecords() const;
  // Makes the next delta ready; a digest that it adds.
  absl::StatusOr<reputation::Digest> PrepareDelta();
  // Lookups' tail while a delta is imported, which takes some `seconds`, beside the quiet one.
  absl::Status MeasureLookupsMeanwhile(double seconds);

  const BenchOptions& options_;
  const Digests& listed_;
  Appliance& appliance_;
  Report& report_;
};

}  // namespace cloister::bench
