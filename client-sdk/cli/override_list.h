// A list of objects, in any format that feeds come in, read into overrides.

#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cloister/v1/admin.pb.h"
#include "reputation/verdict.h"
#include "sync/feeds/feed_reader.h"

namespace cloister::cli {

// What a command line says of a list, as it stands there; "" and empty: not said.
struct ListArguments {
  std::string source;  // FORMAT:FILE, or FILE where `format` is given; FILE "-": standard input
  std::string format;
  std::string verdict;
  std::string scope;
  std::string valid_for;
  std::vector<std::string> categories;
  uint32_t confidence = 0;
  std::vector<std::string> columns;  // OURS=THEIRS
};

// Where and how to read.
struct OverrideList {
  feeds::SourceSpec source;
  feeds::FeedOptions options;
  std::optional<reputation::Scope> scope = {};  // of hosts and URLs that the list gives none
  std::optional<absl::Time> valid_until = {};   // of entries for which the list gives none
  absl::Time now;
};

// InvalidArgument names the option and a right one.
absl::StatusOr<OverrideList> ReadListArguments(const ListArguments& arguments, absl::Time now);

// What became of the list.
struct ListReport {
  feeds::FeedReport read;      // what the reader says
  feeds::FeedReport left_out;  // what was read, and is no override
};

using OverrideSink = std::function<absl::Status(v1::Override)>;

// Passes on what the list says, entry by entry. An error is the reader's or the sink's.
absl::Status ReadOverrides(const OverrideList& list, feeds::ReadProgress progress,
                           const OverrideSink& sink, ListReport* report);

// Entries that were left out although the list means them: not those that it takes back itself.
uint64_t Missed(const ListReport& report);

}  // namespace cloister::cli
