// What every feed format is read into, and the interface of its reader.

#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "reputation/lookup_key.h"
#include "reputation/record.h"
#include "sync/publisher/feeds/feed_report.h"
#include "sync/publisher/feeds/line_reader.h"

namespace cloister::publisher {

// One listing: what is stored under one lookup key. The record's label_id is 0; ids are assigned
// when a version is built.
struct FeedEntry {
  reputation::LookupKey key;
  reputation::Record record;
  reputation::Label label;
};

// Takes entries in the order of the file; an error ends the reading and is returned by it.
using EntrySink = std::function<absl::Status(const FeedEntry&)>;

// Told now and then, at most once every few thousand lines, how far the reading has come.
using ReadProgress = std::function<void(const LineReader&)>;

// Reads one format. Not thread-safe.
class FeedReader {
 public:
  virtual ~FeedReader() = default;

  // Passes every good entry to `sink` and every bad one to `report`: a bad line never stops a
  // build. What does stop it: the file cannot be read or is damaged (DataLoss), its layout is not
  // this format's (InvalidArgument), or an error of `sink`.
  virtual absl::Status Read(LineReader& lines, const EntrySink& sink, FeedReport* report) = 0;

  void set_progress(ReadProgress progress) { progress_ = std::move(progress); }

 protected:
  void MayTellProgress(const LineReader& lines) const {
    if (progress_ && lines.number() % 4096 == 0) progress_(lines);
  }

 private:
  ReadProgress progress_;
};

struct FeedOptions {
  // Verdict of formats that carry none: KNOWN or TRUSTED.
  reputation::Verdict verdict = reputation::Verdict::kKnown;
};

// A source as written on a command line: "csv:threats.csv".
struct SourceSpec {
  std::string format;
  std::string path;
};

// InvalidArgument names the formats there are.
absl::StatusOr<SourceSpec> ParseSourceSpec(absl::string_view text);
absl::StatusOr<std::unique_ptr<FeedReader>> NewFeedReader(absl::string_view format,
                                                          const FeedOptions& options);

// "csv" …
std::vector<std::string> FeedFormats();

}  // namespace cloister::publisher
