// What every feed format is read into, and the interface of its reader.

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "reputation/lookup_key.h"
#include "reputation/record.h"
#include "sync/feeds/feed_report.h"
#include "sync/feeds/feed_source.h"
#include "sync/feeds/line_reader.h"

namespace cloister::feeds {

// One listing: what is stored under one lookup key. The record's label_id is 0; ids are assigned
// when a version is built.
struct FeedEntry {
  reputation::LookupKey key;
  reputation::Record record;
  reputation::Label label;
  // The object as the feed wrote it, refanged: lookup keys are hashes and cannot be read back. A
  // digest, URL, name, address or package URL that reputation::Object parses (networks and names
  // after "*." apart). Every reader sets it. Borrowed, for as long as the sink is called: a copy of
  // the entry that is kept has to keep the text too. Empty where an entry was not read from a feed.
  absl::string_view listed = {};
};

// Takes entries in the order of the file; an error ends the reading and is returned by it.
using EntrySink = std::function<absl::Status(const FeedEntry&)>;

// Told now and then, at most once every few thousand, how many were read, and of what: "lines",
// "rows", "objects" ….
using ReadProgress = std::function<void(uint64_t read, absl::string_view what)>;

// Reads one format. Not thread-safe.
class FeedReader {
 public:
  virtual ~FeedReader() = default;

  // Passes every good entry to `sink` and every bad one to `report`: a bad line never stops a
  // build. What does stop it: the file cannot be read or is damaged (DataLoss), its layout is not
  // this format's (InvalidArgument), or an error of `sink`.
  virtual absl::Status Read(const FeedSource& source, const EntrySink& sink,
                            FeedReport* report) = 0;

  void set_progress(ReadProgress progress) { progress_ = std::move(progress); }

 protected:
  void MayTellProgress(uint64_t read, absl::string_view what) const {
    if (progress_ && read % 4096 == 0) progress_(read, what);
  }

 private:
  ReadProgress progress_;
};

// A format made of lines.
class LineFeedReader : public FeedReader {
 public:
  absl::Status Read(const FeedSource& source, const EntrySink& sink, FeedReport* report) final;

 protected:
  // As for Read. Afterwards `lines` is at its end, and its number is reported.
  virtual absl::Status ReadLines(LineReader& lines, const EntrySink& sink, FeedReport* report) = 0;
};

// What a source says of all its entries, where the format does not say it of each.
struct FeedOptions {
  // Unset: the format's own, such as MALICIOUS for URLhaus and KNOWN for a package index.
  std::optional<reputation::Verdict> verdict = std::nullopt;
  std::optional<std::vector<reputation::Category>> categories = std::nullopt;
  // 0 to 100 (STIX scale), 0 = not stated.
  uint8_t confidence = 0;
  // Entries that the feed counts sightings of are read from this count on (ipsum).
  uint32_t minimum_count = 1;
  // Tables with a header (format csv): which of their columns hold ours. Our name ("value",
  // "sha256", "threat_name" …) to theirs, as it stands in the header, whatever its case.
  std::map<std::string, std::string> columns = {};
  // The source's tags or types in lower case, to what they mean (threat feeds, MISP, STIX labels).
  std::map<std::string, std::vector<reputation::Category>> category_map = {};
  // Changes to apply, in this order, to a private copy of the source first (nsrl: the SQL files of
  // deltas to an RDSv3 database).
  std::vector<std::string> deltas = {};
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

}  // namespace cloister::feeds
