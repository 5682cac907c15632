<#
.SYNOPSIS
Installs modelops, modctl and modelops-bundles from their releases, for the user who runs it.

.DESCRIPTION
The programs go to PREFIX\bin, and nothing is written elsewhere. What is fetched is compared with
the SHA-256 sums of the release first.

.PARAMETER Prefix
Folder to install into; %LOCALAPPDATA%\modelops when absent.

.PARAMETER Version
Version to install, such as 1.2.0; the newest when absent.

.PARAMETER Releases
Address of the releases; $env:MODELOPS_RELEASES when absent. What follows it is
/latest/download/FILE, or /download/vVERSION/FILE. A release writes its own address here.

.PARAMETER Uninstall
Takes away what this script installed.
#>
param(
  [string]$Prefix = (Join-Path $env:LOCALAPPDATA "modelops"),
  [string]$Version = "latest",
  [string]$Releases = $env:MODELOPS_RELEASES,
  [switch]$Uninstall
)

Set-StrictMode -Version Latest
$ErrorActionPreference = "Stop"
$ProgressPreference = "SilentlyContinue" # its bar slows a download down many times

$names = "modelops", "modctl", "modelops-bundles"
$bin = Join-Path $Prefix "bin"

function Stop-Install([string]$Message, [int]$Code = 1) {
  [Console]::Error.WriteLine("install.ps1: $Message")
  exit $Code
}

if ($Uninstall) {
  foreach ($name in $names) {
    $path = Join-Path $bin "$name.exe"
    if (Test-Path -LiteralPath $path) {
      Remove-Item -LiteralPath $path
      Write-Output "removed $path"
    }
  }
  exit 0
}

if (-not $Releases) { Stop-Install "set MODELOPS_RELEASES to the address of the releases" 2 }
$Version = $Version -replace "^v", ""
$base = if ($Version -eq "latest") { "$Releases/latest/download" } else { "$Releases/download/v$Version" }
$archive = "modelops-windows-amd64.tar.gz"
$scratch = Join-Path ([IO.Path]::GetTempPath()) ([IO.Path]::GetRandomFileName())
New-Item -ItemType Directory -Path $scratch | Out-Null
try {
  foreach ($file in "SHA256SUMS", $archive) {
    try {
      Invoke-WebRequest -UseBasicParsing -Uri "$base/$file" -OutFile (Join-Path $scratch $file)
    } catch {
      Stop-Install "cannot fetch $base/${file}: $($_.Exception.Message)"
    }
  }
  $line = Get-Content (Join-Path $scratch "SHA256SUMS") |
    Where-Object { $_ -cmatch "^[0-9a-f]{64}  $([regex]::Escape($archive))$" } |
    Select-Object -First 1
  if (-not $line) { Stop-Install "the release has no $archive" }
  $expected = $line.Substring(0, 64)
  $found = (Get-FileHash -Algorithm SHA256 (Join-Path $scratch $archive)).Hash.ToLowerInvariant()
  if ($found -ne $expected) {
    Stop-Install "$archive is damaged: its SHA-256 is $found, the release says $expected" 5
  }
  tar -xzf (Join-Path $scratch $archive) -C $scratch modelops.exe
  if ($LASTEXITCODE -ne 0) { Stop-Install "$archive has no program in it" 5 }
  $program = Join-Path $scratch "modelops.exe"
  $said = & $program version
  if ($LASTEXITCODE -ne 0) { Stop-Install "the program of this release does not run here" }
  New-Item -ItemType Directory -Force -Path $bin | Out-Null
  foreach ($name in $names) {
    # Whole or not at all: a copy beside it gets the name.
    $path = Join-Path $bin "$name.exe"
    Copy-Item -LiteralPath $program -Destination "$path.new"
    Move-Item -Force -LiteralPath "$path.new" -Destination $path
    Write-Output "wrote $path"
  }
  Write-Output $said
  if (($env:PATH -split ";") -notcontains $bin) {
    [Console]::Error.WriteLine("hint: add $bin to PATH")
  }
} finally {
  Remove-Item -Recurse -Force -LiteralPath $scratch
}
