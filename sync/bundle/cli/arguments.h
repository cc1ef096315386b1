// What the user asked cloister-bundle to do.

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}  // namespace CLI

namespace cloister::bundle {

inline constexpr int kExitOk = 0;
inline constexpr int kExitRefused = 1;  // or failed otherwise
inline constexpr int kExitUsage = 2;
inline constexpr int kExitExpired = 3;  // authentic, but its metadata have expired

enum class Command { kCreate, kInspect, kVerify, kDiff };

// One struct for all commands; each reads its own part.
struct Arguments {
  Command command = Command::kInspect;
  bool json = false;
  std::map<std::string, std::string> roots;  // path by feed; "" where no feed was named
  std::string work_directory;                // where bundles are unpacked for a while
  std::string file;                          // the bundle

  // create
  std::string from;
  std::vector<std::string> feeds;         // empty: all
  std::map<std::string, uint64_t> since;  // version by feed; "": of those not named
  bool zstandard = false;
  bool force = false;
  std::string out;

  // inspect
  bool members = false;

  // diff: one of the two
  std::string other;
  std::string against;
};

// Parsed arguments, or the exit code after help, version or a usage error was printed.
struct ParseOutcome {
  std::optional<Arguments> arguments;
  int exit_code = kExitOk;
};
ParseOutcome ParseArguments(int argc, const char* const* argv);

// What the command line understands, for manual pages and completion; nothing is parsed with it.
std::shared_ptr<const CLI::App> DescribeCommandLine();

}  // namespace cloister::bundle
