// How outcomes are printed: for people (build_text.cc, text_output.cc) and for programs
// (build_json.cc, json_output.cc).

#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "sync/publisher/publication/build_report.h"
#include "sync/publisher/repository/repository.h"

namespace cloister::publisher {

// What was read alone, for a build that came to nothing.
void PrintSources(const BuildReport& report, std::ostream& out);
void PrintText(const BuildReport& report, std::ostream& out);
void PrintJson(const BuildReport& report, std::ostream& out);
// The same for files; `error` says why nothing was published, empty if nothing went wrong.
std::string BuildReportJson(const BuildReport& report, absl::string_view error);

// A repository as `status` shows it.
struct RepositoryReport {
  std::string feed;
  Published published;
  absl::Time now;
};

// "812 bytes", "1.5 MiB".
std::string Bytes(uint64_t bytes);

void PrintText(const RepositoryReport& report, std::ostream& out);
void PrintJson(const RepositoryReport& report, std::ostream& out);

}  // namespace cloister::publisher
