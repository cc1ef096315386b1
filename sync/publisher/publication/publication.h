// What a publication is made of: the file that `cloister-publish build` and `run` are given
// (docs/publication.md describes it, deploy/publication.toml shows all of it).

#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "reputation/coverage.h"
#include "reputation/verdict.h"
#include "sync/feeds/feed_reader.h"
#include "sync/publisher/guards/import_guard.h"
#include "sync/publisher/sources/web_source.h"
#include "sync/trust/source_note.h"

namespace cloister::publisher {

// Words of a source that stand for words of ours, and what its entries mean here.
struct SourceTerms {
  // 0 to 100: whose word counts where sources contradict each other. The more trusted source's
  // verdict is kept; among equals the graver one.
  uint8_t trust = 50;
  // For entries that state none; the format's own if unset.
  std::optional<reputation::Verdict> verdict = std::nullopt;
  // In place of a verdict that the source states: {"trusted", "known"} takes its trust away.
  std::map<reputation::Verdict, reputation::Verdict> verdict_map = {};
  // Added to the categories of every entry.
  std::vector<reputation::Category> categories = {};
  // By the source's tag or type, in lower case; on top of what the format knows by itself.
  std::map<std::string, std::vector<reputation::Category>> category_map = {};
  // For entries that state none; at most `max_confidence` for those that do.
  uint8_t confidence = 0;
  uint8_t max_confidence = 100;
  // How long an entry holds that states no end: from when it was last (or first) seen, or from the
  // build if it states neither, then in steps of a quarter so that a build does not change every
  // record. Zero: until the source drops it.
  absl::Duration valid_for = absl::ZeroDuration();
  uint8_t applies_to = 0;  // as Record::applies_to; limits every entry that states none
};

// One source of entries.
struct PublicationSource {
  std::string name;    // unique, as feeds are named
  std::string format;  // of feeds::FeedFormats()
  // Exactly one of the two is not empty. A path may be a folder or end in a pattern ("*.json"):
  // then every file is read, in the order of their names.
  std::string path;
  std::optional<WebSource> web;
  feeds::FeedOptions reading;  // columns, minimum count …
  SourceTerms terms;
  trust::SourceNote note;  // licence and redistribution, carried into the feed
  // A build stops if fewer than this share of the entries of the build before are left.
  double min_kept_share = 0.5;
  // A source that cannot be had is read from its last good copy, at most this old.
  absl::Duration use_last_copy_for = absl::Hours(72);
};

// When the daemon publishes.
struct PublicationSchedule {
  absl::Duration interval = absl::Minutes(15);  // between two looks at the sources
  // A timestamp is signed again when less than this share of its life is left.
  double refresh_at_share = 0.5;
};

struct Publication {
  std::string file;
  std::string repository;                // folder
  std::string state_directory;           // copies of sources, held entries, counts of last builds
  std::vector<std::string> key_folders;  // targets.pem, snapshot.pem, timestamp.pem
  std::vector<std::string> keys;         // files and pkcs11: URIs
  std::string passphrase_file;
  std::string pin_file;
  absl::Duration minimum_poll_interval = absl::Minutes(5);
  reputation::Coverage also_covers;
  GuardOptions guards;
  PublicationSchedule schedule;
  std::vector<PublicationSource> sources;  // at least one
};

// Errors as for config::TomlTable: every mistake on a line of its own.
absl::StatusOr<Publication> ReadPublication(const std::string& path);
absl::StatusOr<Publication> ParsePublication(absl::string_view text, const std::string& file);

}  // namespace cloister::publisher
