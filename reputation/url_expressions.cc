#include <array>

#include "absl/strings/str_cat.h"
#include "reputation/url.h"

namespace cloister::reputation {
namespace {

constexpr size_t kMaxHosts = 5;
constexpr size_t kMaxDirectories = 4;  // the root is one of them
constexpr size_t kMaxPaths = 2 + kMaxDirectories;
constexpr size_t kMaxLabels = 5;  // of a host suffix that is not the host itself

// A few views, without heap memory.
template <size_t capacity>
struct Views {
  std::array<absl::string_view, capacity> items;
  size_t size = 0;

  void Add(absl::string_view item) { items[size++] = item; }
};

// The host, then its suffixes of 5 to 2 labels.
Views<kMaxHosts> HostsOf(const CanonicalUrl& url, absl::string_view host) {
  Views<kMaxHosts> hosts;
  hosts.Add(host);
  if (url.ip.has_value()) return hosts;
  // Where each of the last labels starts, the last one first.
  std::array<size_t, kMaxLabels> starts;
  size_t labels = 0;
  for (size_t end = host.size(); labels < kMaxLabels;) {
    size_t dot = end == 0 ? absl::string_view::npos : host.rfind('.', end - 1);
    starts[labels++] = dot == absl::string_view::npos ? 0 : dot + 1;
    if (dot == absl::string_view::npos) break;
    end = dot;
  }
  while (labels-- > 1) {
    if (starts[labels] != 0 && hosts.size < kMaxHosts) hosts.Add(host.substr(starts[labels]));
  }
  return hosts;
}

// The path with its query, without, then its first directories, the deepest first. How many name
// the URL itself goes to `exact`.
Views<kMaxPaths> PathsOf(absl::string_view path, absl::string_view path_and_query, size_t* exact) {
  Views<kMaxPaths> paths;
  if (path_and_query.size() > path.size()) paths.Add(path_and_query);
  paths.Add(path);
  *exact = paths.size;
  Views<kMaxDirectories> directories;
  for (size_t slash = 0; directories.size < kMaxDirectories; ++slash) {
    slash = path.find('/', slash);
    if (slash == absl::string_view::npos || slash + 1 == path.size()) break;
    directories.Add(path.substr(0, slash + 1));
  }
  while (directories.size > 0) paths.Add(directories.items[--directories.size]);
  return paths;
}

}  // namespace

std::vector<UrlExpression> UrlExpressions(const CanonicalUrl& url) {
  std::string path_and_query = url.path;
  if (url.query.has_value() && !url.query->empty()) {
    absl::StrAppend(&path_and_query, "?", *url.query);
  }
  std::string host =
      url.ip.has_value() && !url.ip->is_v4() ? absl::StrCat("[", url.host, "]") : url.host;
  std::string port = url.port != 0 ? absl::StrCat(":", url.port) : "";
  size_t exact_paths = 0;
  Views<kMaxHosts> hosts = HostsOf(url, host);
  Views<kMaxPaths> paths = PathsOf(url.path, path_and_query, &exact_paths);

  std::vector<UrlExpression> expressions;
  expressions.reserve(hosts.size * paths.size * (port.empty() ? 1 : 2));
  for (size_t h = 0; h < hosts.size; ++h) {
    for (size_t p = 0; p < paths.size; ++p) {
      bool exact = h == 0 && p < exact_paths;
      absl::string_view path = paths.items[p];
      if (!port.empty()) {
        expressions.push_back({absl::StrCat(hosts.items[h], port, path), true, exact});
      }
      expressions.push_back({absl::StrCat(hosts.items[h], path), false, exact});
    }
  }
  return expressions;
}

}  // namespace cloister::reputation
