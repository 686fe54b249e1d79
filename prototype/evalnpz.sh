# evalnpz.sh NAME FILE.npz [pairs folder] [jobs]
S=$(mktemp -d); D=${3:-/work/devpairs3}
/root/.cache/peers/venv/bin/python /work/shared/peers/evaluate.py --pairs $D --peers noisy --reuse --passes 1 --jobs ${4:-2} --extra-dir "$1=PYTHONPATH=/work/main/py /work/venv/bin/python -m percepnet denoise {indir} {outdir} --model $2 --jobs 1" 2>&1 | grep -E "PESQ|$1" | grep -E "^\| (PESQ|system|.*OVRL|'$1')" | head -4
