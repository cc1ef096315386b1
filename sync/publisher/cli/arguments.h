// What the user asked cloister-publish to do.

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "reputation/coverage.h"
#include "sync/feeds/feed_reader.h"
#include "sync/publisher/publication/publication.h"
#include "sync/publisher/signing/key_directory.h"

namespace CLI {
class App;
}  // namespace CLI

namespace cloister::publisher {

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailure = 1;
inline constexpr int kExitUsage = 2;

struct Arguments;
struct Console;  // commands.h
// What a command does.
using Command = absl::Status (*)(const Arguments&, const Console&);

// Lifetimes that the user stated; the others are those of the repository.
struct StatedLifetimes {
  std::optional<absl::Duration> root, targets, snapshot, timestamp;
};

// Which keys sign, and how they are unlocked.
struct KeyOptions {
  std::vector<std::string> folders;  // --keys
  std::vector<std::string> single;   // --key: files and pkcs11: URIs
  std::string passphrase_file;       // "" for the terminal or a systemd credential
  std::string pin_file;
};

// How the root changes, and what to do about it.
struct RootChangeOptions {
  trust::Role role = trust::Role::kRoot;
  std::vector<std::string> public_keys;  // files
  std::vector<std::string> key_ids;
  std::optional<uint32_t> threshold;
  bool stage = false;
  bool commit = false;
  std::string staged_file;
  std::string expect;        // fingerprint
  std::string current_root;  // file
};

// One struct for all commands; each reads its own part.
struct Arguments {
  Command run = nullptr;
  bool json = false;
  bool commit = false;  // do it, rather than say what would be done
  std::string repository;
  KeyOptions keys;
  StatedLifetimes lifetimes;

  // keys create
  std::string out;
  CreateKeysOptions create;

  // keys add, rotate, revoke, apply …; renew-root; sign-root
  RootChangeOptions root_change;

  // init
  std::string feed;
  uint32_t root_threshold = 1;

  // publish
  std::vector<feeds::SourceSpec> sources;
  SourceTerms terms;           // of all of them
  feeds::FeedOptions reading;  // columns, minimum count
  reputation::Coverage also_covers;
  bool snapshot = false;
  uint32_t minimum_poll_s = 300;

  // build, check, run
  std::string publication_file;
  bool dry_run = false;
  std::set<std::string> accept_loss;
  bool accept_stale = false;
  std::string report_file;

  // run
  bool daemon_status = false;
  bool json_log = false;

  // delta
  uint64_t from_version = 0;
  uint64_t to_version = 0;
};

// Parsed arguments, or the exit code after help, version or a usage error was printed.
struct ParseOutcome {
  std::optional<Arguments> arguments;
  int exit_code = kExitOk;
};
ParseOutcome ParseArguments(int argc, const char* const* argv);

// What the command line understands, for manual pages and completion; nothing is parsed with it.
std::shared_ptr<const CLI::App> DescribeCommandLine();

}  // namespace cloister::publisher
