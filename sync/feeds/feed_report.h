// What became of the lines of one source.

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "reputation/lookup_key.h"

namespace cloister::feeds {

// Why an entry of a feed was left out. One closed list: the words stand in reports and in the
// names of tests.
enum class RowFault {
  kMalformed,          // not a row or stanza: quotes, number of fields, too long
  kMissingField,       // a field that is needed is empty or absent
  kUnknownKind,        // a kind that is not in the list
  kBadValue,           // not a digest, URL, name, address or package URL
  kBadVerdict,         // a verdict that is not in the list
  kBadConfidence,      // not 0 to 100
  kUnknownCategory,    // a category that is not in the list
  kBadScope,           // a scope that is unknown or means nothing for the kind
  kBadContext,         // a context that is unknown
  kBadDate,            // not a date, or an order of dates that cannot be
  kBadLabel,           // words that are too long or not UTF-8
  kNoHost,             // a path without the host that it belongs to: it names nothing by itself
  kFragmentIdentity,   // a URL that only its fragment tells from others
  kWeakDigestTrusted,  // TRUSTED by MD5 or SHA-1
  kPublicSuffix,       // a name that strangers share
  kPrefixTooWide,      // an IPv4 network wider than /8, or an IPv6 network wider than /16
  kUnsupported,        // says what an entry cannot say; taken for less it would mislead
  kBelowMinimum,       // fewer sightings than the source is read from
  kWithdrawn,          // the source itself has revoked or deleted it
  kContextOnly,        // the source says that it is not meant for detection
  kExpired,            // what it says had lapsed before it was read
};

// Lower-case with underscores: "fragment_identity" …
absl::string_view RowFaultName(RowFault fault);

// Why, and in words.
struct Fault {
  RowFault fault;
  std::string why;
};

// A value type; not thread-safe.
class FeedReport {
 public:
  // How many examples of each fault are kept, and bytes of each.
  static constexpr size_t kMaxExamples = 3;
  static constexpr size_t kMaxExampleBytes = 160;

  struct Example {
    std::string file;   // empty where the source is one file
    uint64_t line = 0;  // 0 where it is not known
    std::string text;   // what stood there, safe to print
    std::string why;
  };
  struct Rejections {
    uint64_t count = 0;
    std::vector<Example> examples;  // the first ones
  };

  explicit FeedReport(std::string source) : source_(std::move(source)) {}

  // A row or stanza became an entry, or several.
  void CountRow() { ++rows_; }
  void CountEntry(reputation::ObjectKind kind) { ++kinds_[kind]; }
  // A row or stanza was left out.
  void Reject(const Fault& fault, uint64_t line, absl::string_view text);
  void SetLines(uint64_t lines) { lines_ = lines; }
  // Adds what became of one file of a source that has several; its examples name `file`.
  void Add(const FeedReport& other, absl::string_view file);

  const std::string& source() const { return source_; }
  uint64_t lines() const { return lines_; }
  uint64_t rows() const { return rows_; }  // accepted
  uint64_t rejected() const;
  const std::map<RowFault, Rejections>& rejections() const { return rejections_; }
  const std::map<reputation::ObjectKind, uint64_t>& kinds() const { return kinds_; }

 private:
  std::string source_;
  uint64_t lines_ = 0;
  uint64_t rows_ = 0;
  std::map<RowFault, Rejections> rejections_;
  std::map<reputation::ObjectKind, uint64_t> kinds_;
};

}  // namespace cloister::feeds
